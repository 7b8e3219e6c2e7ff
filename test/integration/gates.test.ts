import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pollGates } from '../../lib/benchmarks/poll-gates.ts';
import { rollBack } from '../../lib/builds/choose-current.ts';
import { gatesFor } from '../../lib/builds/gates-for.ts';
import { openGates } from '../../lib/builds/open-gates.ts';
import { publish } from '../../lib/builds/publish.ts';
import { releaseTag } from '../../lib/builds/release-tag.ts';
import { collectCatalogue } from '../../lib/builds/write-catalogue.ts';
import { tagMessage } from '../../lib/service/tag-message.ts';
import { findBuildTag } from '../../lib/store/build-tags.ts';
import { listBenchmarkRuns } from '../../lib/store/benchmark-runs.ts';
import { submissionsOfRun } from '../../lib/store/benchmark-submissions.ts';
import { changeGate, listImageGates } from '../../lib/store/image-gates.ts';
import type { Instance } from '../../lib/store/instances.ts';
import { withSlurm } from './support/slurm-files.ts';
import { buildImage, importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;

const gate = '[gates.speed]\nbenchmark = "command"\nimages = ["app", "li*"]\nparameters = { command = "true" }\n';

beforeEach(async () => {
  site = withSlurm(await makeTestSite(`${gate}[gates.none]\nbenchmark = "gone"\nimages = ["odd"]\n`));
  mkdirSync(site.paths.bench);
});

afterEach(async () => {
  await site.remove();
});

async function build(name: string): Promise<Instance> {
  const instance = named((await recordAll(site)).instances, name);
  expect(await publish(site, instance, buildImage(site, instance))).toBe('published');
  return instance;
}

/** The tag that a name means, or nothing. */
function means(name: string): string {
  const link = join(site.paths.current, `${name}.sif`);
  return existsSync(link) ? readlinkSync(link).replace(/.*\/(.*)\/.*/, '$1') : '';
}

async function decide({ id }: Instance, state: 'passed' | 'held'): Promise<void> {
  for (const row of await listImageGates(site.store)) {
    if (row.container_instance_id === id) await changeGate(site.store, row, { state, message: 'x', changed_at: 1 });
  }
}

test('covers names and globs', () => {
  expect(['app', 'lib', 'apps', 'odd'].map((name) => gatesFor(site.config, name))).toEqual([
    ['speed'],
    ['speed'],
    [],
    ['none'],
  ]);
});

test('a good image waits for its gate, whichever passes first; a newer one is never replaced by an older one', async () => {
  await importOne(site, 'app');
  const [one, two, three] = [await build('app'), await build('app'), await build('app')];
  expect(means('app')).toBe('');
  await decide(one, 'passed');
  expect(await openGates(site)).toEqual({ live: ['app'], kept: [], problems: [] });
  expect(means('app')).toBe(one.tag);
  await decide(three, 'passed');
  expect((await openGates(site)).live).toEqual(['app']);
  await decide(two, 'passed');
  expect(await openGates(site)).toEqual({ live: [], kept: ['app'], problems: [] });
  expect(means('app')).toBe(three.tag);
  expect(await openGates(site)).toEqual({ live: [], kept: [], problems: [] });
});

test('a share that cannot take the link: the gate stays passed, and the next call opens it', async () => {
  await importOne(site, 'app');
  const instance = await build('app');
  await decide(instance, 'passed');
  const link = join(site.paths.current, 'app.sif');
  mkdirSync(link);
  writeFileSync(join(link, 'x'), '');
  const { live, problems } = await openGates(site);
  expect([live, problems.length]).toEqual([[], 1]);
  expect(await listImageGates(site.store)).toMatchObject([{ state: 'passed' }]);
});

test('a full disk under the database ends the pass instead of being told again in each', async () => {
  await importOne(site, 'app');
  await decide(await build('app'), 'passed');
  const full = new Error('cannot write the database', { cause: { code: 'SQLITE_FULL' } });
  const transaction = () => ({ execute: () => Promise.reject(full) });
  const store = new Proxy(site.store, {
    get: (target, key) => (key === 'transaction' ? transaction : Reflect.get(target, key).bind(target)),
  });
  await expect(openGates({ ...site, store })).rejects.toBe(full);
  expect((await openGates(site)).live).toEqual(['app']);
});

test('an image that is held is no image to roll back to, and is had by its tag', async () => {
  await importOne(site, 'app');
  const [one, two, three] = [await build('app'), await build('app'), await build('app')];
  for (const instance of [one, three]) await decide(instance, 'passed');
  await decide(two, 'held');
  await openGates(site);
  const author = { actor: 'tester', message: null };
  expect(await rollBack(site.store, 'app', undefined, author)).toMatchObject({ tag: one.tag, previous: three.tag });
  expect(await rollBack(site.store, 'app', two.tag, author)).toMatchObject({ tag: two.tag });
});

test('publish by hand needs a reason, keeps it, and respects gates with --partial', async () => {
  await importOne(site, 'app');
  const { tag } = await build('app');
  await expect(releaseTag(site, tag, false)).rejects.toMatchObject({
    code: 'failed',
    why: 'app: gate speed: waiting',
    hint: expect.stringContaining('--message WHY'),
  });
  expect(means('app')).toBe('');
  const { images } = await collectCatalogue(site.store);
  expect(images).toMatchObject([
    { status: 'success', current: false, reason: 'held by gate speed: not submitted yet' },
  ]);
  expect(await releaseTag(site, tag, false, 'urgent')).toMatchObject({ live: ['app'], kept: [], gated: [] });
  expect(means('app')).toBe(tag);
  expect((await listImageGates(site.store)).map(({ state, message }) => [state, message])).toEqual([
    ['open', 'published by tester in spite of the gate: urgent'],
  ]);
  expect((await collectCatalogue(site.store)).images[0]?.reason).toBeNull();
  await expect(releaseTag(site, tag, false, 'again')).rejects.toThrow(/is not held/);
});

test('a message about other gates than the one before has another id, although they are as many', async () => {
  await importOne(site, 'app');
  await importOne(site, 'lib');
  const { instances } = await recordAll(site);
  for (const instance of instances) await publish(site, instance, buildImage(site, instance));
  const [app, lib] = [named(instances, 'app'), named(instances, 'lib')];
  const message = async () => {
    const tag = await findBuildTag(site.store, app.tag);
    if (tag === undefined) throw new Error('the tag is gone');
    return tagMessage(site, tag);
  };
  expect((await message()).id).toBe(app.tag);
  await decide(app, 'held');
  const first = await message();
  expect(first.gated).toEqual([{ name: 'app', gate: 'speed', message: 'x' }]);
  expect((await message()).id).toBe(first.id);
  await decide(app, 'passed');
  await decide(lib, 'held');
  const second = await message();
  expect(second.gated).toEqual([{ name: 'lib', gate: 'speed', message: 'x' }]);
  expect(second.id).not.toBe(first.id);
});

test('what cannot be run is told and tried again; a run is stored with its gate, once', async () => {
  await importOne(site, 'app');
  await importOne(site, 'odd');
  const { instances } = await recordAll(site);
  for (const instance of instances) await publish(site, instance, buildImage(site, instance));
  const reports = await Promise.all([pollGates(site), pollGates(site)]);
  await pollGates(site);
  const rows = (await listImageGates(site.store)).map(({ name, state, message }) => [name, state, message]);
  expect(rows.toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
    ['app', 'running', null],
    ['odd', 'waiting', 'cannot be run: there is no benchmark "gone"'],
  ]);
  const [run, ...more] = await listBenchmarkRuns(site.store);
  expect(more).toEqual([]);
  expect(run).toMatchObject({ image_name: 'app', image_sha256: 'a'.repeat(64), allocations: 5 });
  expect((await submissionsOfRun(site.store, run?.id ?? 0)).map(({ state }) => state)).toEqual(['submitted']);
  expect(reports.flatMap(({ news }) => news).filter((line) => line.includes('cannot be run'))).toHaveLength(1);
});

test('a gate that is taken out of the configuration opens nothing', async () => {
  await importOne(site, 'app');
  await build('app');
  await pollGates({ ...site, config: { ...site.config, gates: {} } });
  expect((await listImageGates(site.store)).map(({ state, message }) => [state, message])).toEqual([
    ['waiting', expect.stringMatching(/^there is no \[gates.speed\] .* --message WHY$/)],
  ]);
});
