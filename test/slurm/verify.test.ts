import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, required, until } from './support/cluster.ts';
import { expectNoScratch } from './support/expect-consistent.ts';
import { inspectSite } from './support/inside.ts';
import { startService } from './support/killable.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

let site: Site;

const admin = (...words: string[]): Promise<Ended> => site.ctmgr(words, { user: 'admin1' });
const good = `FROM ${busybox}\nCOPY data /data\nRUN echo from the recipe\n`;
const bad = `FROM ${busybox}\nRUN echo before; make all\n`;

/** What must not change by a verification: everything but its own row, its events, its logs and its result. */
async function rest(): Promise<unknown> {
  const { rows, files } = await inspectSite(site);
  const { verification: _own, event: _events, ...tables } = rows;
  const others = Object.keys(files).filter((path) => !/^(logs|results)\/verify-/.test(path));
  return { tables, others };
}

beforeAll(async () => {
  site = await makeSite();
  await required(admin('overlay', 'add', 'software', '--run', 'echo from the overlay'));
  for (const [name, text] of [
    ['good', good],
    ['bad', bad],
  ] as const) {
    await site.write(`${site.inputs}/${name}/Dockerfile`, text);
    await site.write(`${site.inputs}/${name}/data`, 'x');
  }
});

afterAll(() => site.remove());

describe('a verification', () => {
  it('builds a Dockerfile with the overlays it would get, and leaves a log and nothing else', async () => {
    const before = await rest();
    const words = ['verify', `${site.inputs}/good/Dockerfile`, '--context', `${site.inputs}/good`, '--wait'];
    const { code, stdout } = await site.ctmgr(words);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^verify-\S+: good with software:1 builds and passes its tests: \S+ on b[12], job \d+_0\.$/m,
      ),
    });
    const name = stdout.split(':')[0] ?? '';
    const { files } = await inspectSite(site);
    expect(files[`logs/${name}/good.err`]?.text).toMatch(/from the overlay[^]*from the recipe/);
    expect(files[`logs/${name}/good.log`]?.text).toContain('the image is thrown away');
    for (const user of ['admin1', 'alice']) {
      const { stdout: log } = await site.ctmgr(['logs', name, '--out'], { user });
      expect(log).toContain('the image is thrown away');
    }
    expect(await rest()).toEqual(before);
    await expectNoScratch(site);
  });

  it('that fails says so, and import --verify stores nothing then', async () => {
    const before = await rest();
    const verified = await site.ctmgr(['verify', `${site.inputs}/bad/Dockerfile`, '--name', 'broken', '--wait']);
    expect(verified).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/broken with software:1 does not build: failure \(build\)/),
    });
    expect(verified.stdout).toContain('make: not found');
    const imported = await site.ctmgr(['import', `${site.inputs}/bad/Dockerfile`, '--name', 'broken', '--verify']);
    expect(imported).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('nothing was stored: broken does not build'),
    });
    expect(await rest()).toEqual(before);
  });

  it('is submitted by the service for an admin, whose import stores what was verified', async () => {
    const service = await startService(site);
    const folder = `${site.inputs}/good`;
    const imported = await admin('import', `${folder}/Dockerfile`, '--name', 'good', '--context', folder, '--verify');
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('Stored version 1 of good') });
    expect(await admin('verify', 'good:1', '--wait')).toMatchObject({ code: 0 });
    await service.signal('TERM');
    await service.end;
    const { rows } = await inspectSite(site);
    expect(rows['container_instance']).toEqual([]);
    expect(rows['recipe_content']).toHaveLength(1);
  });

  it('that somebody cancels is told as cancelled, and is looked up by its name', async () => {
    await site.write(`${site.inputs}/slow/Dockerfile`, `FROM ${busybox}\nRUN sleep 300\n`);
    const started = await site.json<{ verification: string; job: string }>([
      'verify',
      `${site.inputs}/slow/Dockerfile`,
    ]);
    expect(started).toMatchObject({
      status: expect.stringMatching(/^(queued|building)$/),
      job: expect.stringMatching(/^\d+_0$/),
    });
    const read = async () => (await site.ctmgr(['verify', started.verification])).stdout;
    await until('it builds', read, (text) => text.includes(': building.'));
    expect((await site.ctmgr(['status'])).stderr).toMatch(
      new RegExp(`being verified: ${started.verification} \\(slow, building on b[12]\\)`),
    );
    expect(await site.ctmgr(['cancel', started.verification])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Slurm was asked to stop ${started.verification} (slow).`),
    });
    expect(await site.ctmgr(['verify', started.verification, '--wait'])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/slow with software:1 does not build: cancelled/),
    });
    expect((await admin('verify', 'verify-2020-01-01.1')).code).toBe(66);
    expect((await site.ctmgr(['cancel', started.verification])).stdout).toMatch(/is over already: cancelled/);
    const kept = await site.json<{ name: string; status: string }[]>(['status', '--verifications']);
    expect(kept.map(({ name, status }) => [name, status])).toEqual([
      ['good', 'success'],
      ['broken', 'failure'],
      ['broken', 'failure'],
      ['good', 'success'],
      ['good', 'success'],
      ['slow', 'cancelled'],
    ]);
    expect(await site.json(['status', started.verification])).toMatchObject([{ name: 'slow', status: 'cancelled' }]);
    expect(await admin('logs', 'verify-2020-01-01.1')).toMatchObject({ code: 66 });
    expect(await site.ctmgr(['status', '--verifications'], { user: 'alice' })).toMatchObject({ code: 77 });
  });
});
