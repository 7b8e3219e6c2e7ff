import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { SiteState } from './inside/inspect-site.ts';
import { exec, output, until } from './support/cluster.ts';
import { expectConsistent, readInstances } from './support/expect-consistent.ts';
import { inspectSite, insideWords, type Reader, startReader } from './support/inside.ts';
import { killAtCall } from './support/kill-at-call.ts';
import { startKillable } from './support/killable.ts';
import { makeSite, type Site, slowDockerfile } from './support/site.ts';
import { makeSlurmStandIns, type SlurmStandIns } from './support/slurm-stand-ins.ts';

/** Where a writer that was killed may leave its own temporary file: beside `catalog.json`, the current links and the images' digests. */
const leftBehind =
  /^(\.catalog\.json|current\/\.[a-z0-9-]+\.sif|builds\/[0-9.-]+\/\.[a-z0-9-]+\.sif\.sha256)\.[0-9a-f]{12}$/;

let site: Site;
let standIns: SlurmStandIns;
let reader: Reader;

beforeAll(async () => {
  standIns = await makeSlurmStandIns();
  site = await makeSite({ slurm: standIns.toml });
  expect(await site.import('one', slowDockerfile(0))).toMatchObject({ code: 0 });
  expect(await site.import('two', slowDockerfile(1))).toMatchObject({ code: 0 });
  reader = await startReader(site);
});

/** For the whole file: whatever was killed and whenever, no reader has seen anything unfinished. */
afterAll(async () => {
  const { violations, firstSeen, rounds } = await reader.stop();
  const state = await expectConsistent(site, leftBehind);
  expect(violations).toEqual([]);
  expect(rounds).toBeGreaterThan(100);
  expect(firstSeen).toEqual(finalImages(state));
  await site.remove();
  await standIns.remove();
});

function finalImages(state: SiteState): Record<string, string | null> {
  const images = readInstances(state).map(({ name, tag, sha256 }) => [
    `${site.share}/builds/${tag}/${name}.sif`,
    sha256,
  ]);
  return Object.fromEntries(images) as Record<string, string | null>;
}

const killed = { code: 137 };

/** `ctmgr poll` until nothing is unfinished; all images have to be good then, and the newest tag to have these. */
async function pollUntilQuiet(images: string[]): Promise<SiteState> {
  expect(await site.ctmgr(['poll', '--wait'])).toMatchObject({ code: 0 });
  const state = await expectConsistent(site, leftBehind);
  const instances = readInstances(state);
  expect(instances.filter(({ status }) => status !== 'success')).toEqual([]);
  const newest = instances.filter(({ tag }) => tag === instances.at(-1)?.tag);
  expect(newest.map(({ name }) => name)).toEqual(images);
  return state;
}

describe('ctmgr rebuild is killed', () => {
  it('before anything is recorded: there is nothing', async () => {
    await standIns.order('scontrol', 'die');
    expect(await site.ctmgr(['rebuild', '--wait'])).toMatchObject(killed);
    expect(await killAtCall(site, 'pwrite64', 1, ['rebuild'], `${site.state}/ctmgr.db-wal`)).toMatchObject(killed);
    expect(await site.ctmgr(['poll'])).toMatchObject({ code: 0, stdout: '' });
    expect(readInstances(await expectConsistent(site))).toEqual([]);
  });

  it('when it has said that it will submit and has not: it is submitted once', async () => {
    await standIns.order('sbatch', 'die');
    expect(await site.ctmgr(['rebuild', '--wait'])).toMatchObject(killed);
    expect((await site.status()).map(({ status }) => status)).toEqual(['pending', 'pending']);
    const poll = await site.ctmgr(['poll']);
    expect(poll).toMatchObject({ code: 75, stderr: expect.stringContaining('Slurm does not know the array') });
    await pollUntilQuiet(['one', 'two']);
  });

  it('when sbatch has submitted and not answered yet: the array is found', async () => {
    await standIns.order('sbatch', 'lose');
    expect(await site.ctmgr(['rebuild', '--wait'])).toMatchObject(killed);
    expect((await site.status()).map(({ status }) => status)).toEqual(['pending', 'pending']);
    const poll = await site.ctmgr(['poll']);
    expect(poll).toMatchObject({ code: 0, stderr: expect.stringMatching(/job array \d+ of \S+ found again/) });
    await pollUntilQuiet(['one', 'two']);
  });

  it('at any other step before and after sbatch: what was recorded is built once', async () => {
    // Commits, catalogue, folders, task files, in the order of the names; some are before sbatch and some after it.
    const calls = { fsync: [1, 2, 3, 4], rename: [1, 2], mkdir: [1, 4], symlink: [1, 2] };
    for (const [call, counts] of Object.entries(calls)) {
      for (const count of counts) {
        const end = await killAtCall(site, call, count, ['rebuild', 'one']);
        // There may be fewer calls of a kind; then it is an ordinary rebuild.
        expect([call, count, end.code]).toEqual([call, count, count > 1 && end.code === 0 ? 0 : killed.code]);
        if (end.code === 0) break;
      }
    }
    const recorded = readInstances(await inspectSite(site));
    expect(recorded.filter(({ status }) => status === 'pending').length).toBeGreaterThan(2);
    const state = await pollUntilQuiet(['one']);
    expect(readInstances(state).map(({ tag }) => tag)).toEqual(recorded.map(({ tag }) => tag));
  });

  it('while images are being built: they are published by the next pass', async () => {
    // Not over before the signal is sent, on a busy machine too.
    expect(await site.import('two', slowDockerfile(6))).toMatchObject({ code: 0 });
    const rebuild = await startKillable(site, ['rebuild', '--wait']);
    await rebuild.says(/two: queued -> building/);
    await rebuild.signal('KILL');
    expect(await rebuild.end).toMatchObject(killed);
    await pollUntilQuiet(['one', 'two']);
    expect(await site.import('two', slowDockerfile(1))).toMatchObject({ code: 0 });
  });
});

describe('publishing is killed', () => {
  /** Returns the build tag. */
  const builtNotPublished = async (): Promise<string> => {
    const { tag } = JSON.parse((await site.ctmgr(['rebuild', '--json'])).stdout) as { tag: string };
    const results = `${site.share}/results/${tag}`;
    await until(
      'both results',
      () => output(['ls', results]),
      (names) => names === '0.json\n1.json',
    );
    return tag;
  };

  it('at each step: the next pass goes on', async () => {
    const tag = await builtNotPublished();
    const wal = `${site.state}/ctmgr.db-wal`;
    const statuses = async (): Promise<unknown[]> =>
      readInstances(await inspectSite(site)).flatMap((instance) => (instance.tag === tag ? [instance.status] : []));
    // The steps in which the first image becomes current: its digest, then its link, which changes before the database does.
    for (const [call, count] of [
      ['rename', 1],
      ['symlink', 1],
      ['rename', 2],
    ] as const) {
      expect(await killAtCall(site, call, count, ['poll'])).toMatchObject(killed);
    }
    expect(await output(['readlink', `${site.share}/current/one.sif`])).not.toContain(tag);
    expect(await killAtCall(site, 'pwrite64', 1, ['poll'], wal)).toMatchObject(killed);
    expect(await output(['readlink', `${site.share}/current/one.sif`])).toContain(tag);
    for (const count of [2, 4]) expect(await killAtCall(site, 'pwrite64', count, ['poll'], wal)).toMatchObject(killed);
    expect(await statuses()).toEqual(['queued', 'queued']);
    expect(await killAtCall(site, 'fsync', 2, ['poll'], wal)).toMatchObject(killed);
    expect(await statuses()).toEqual(['success', 'queued']);
    // The first two are the second image's digest and link, the other one the catalogue.
    expect(await killAtCall(site, 'rename', 3, ['poll'])).toMatchObject(killed);
    expect(await statuses()).toEqual(['success', 'success']);
    expect(await output(['grep', '-c', `"tag":"${tag}".*"status":"queued"`, `${site.share}/catalog.json`])).toBe('2');
    await pollUntilQuiet(['one', 'two']);
  });

  it('at a change of the current links: the next pass goes on', async () => {
    let kills = 0;
    // On a busy machine a pass may be over before the signal reaches it.
    for (let wave = 1; kills < 2 && wave <= 5; wave += 1) {
      await builtNotPublished();
      for (let count = 1, code: number | null = 137; code === 137; count += 1) {
        const words = insideWords('kill-at-change', [`${site.share}/current`, String(count), 'ctmgr', 'poll']);
        ({ code } = await exec(words, { env: site.env }));
        expect([0, 137]).toContain(code);
        kills += code === 137 ? 1 : 0;
      }
    }
    expect(kills).toBeGreaterThanOrEqual(2);
    await pollUntilQuiet(['one', 'two']);
  });
});

describe('carrying on is killed', () => {
  it('at commit after commit: an image on an image is built once', async () => {
    expect(await site.import('three', `FROM ctmgr:one\nRUN true\n`)).toMatchObject({ code: 0 });
    expect(await site.ctmgr(['rebuild', 'one', 'three'])).toMatchObject({ code: 0 });
    const wal = `${site.state}/ctmgr.db-wal`;
    const codes: (number | null)[] = [];
    for (const count of [1, 2, 1, 2, 3, 2, 3, 4])
      codes.push((await killAtCall(site, 'fsync', count, ['poll'], wal)).code);
    expect(codes).toContain(137);
    await pollUntilQuiet(['one', 'three']);
  });
});
