import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, exec, fault, heal, output, required, until } from './support/cluster.ts';
import { busybox, makeSite, type Site, slowDockerfile } from './support/site.ts';

let site: Site;
const tags: string[] = [];

/** `app` with three builds, of which the rules keep only the current one. */
beforeAll(async () => {
  site = await makeSite({ tables: '[gc]\nkeep = 0\ngrace_days = 0\n' });
  await required(site.import('app', `FROM ${busybox}\nRUN true\n`));
  await build();
  await build();
  await build();
});

afterAll(async () => {
  await heal('diskfull:/srv/ctmgr');
  await output(['scancel', '--user=alice']);
  await site.remove();
});

async function build(): Promise<void> {
  await required(site.ctmgr(['rebuild', 'app', '--wait']));
  tags.push((await site.status())[0]?.tag ?? '');
}

const images = (): Promise<string> => output(['sh', '-c', `cd ${site.share}/builds && ls -d */app.sif`]);
const paths = (...wanted: (string | undefined)[]): string => wanted.map((tag) => `${tag}/app.sif`).join('\n');
const link = (): Promise<string> => output(['readlink', `${site.share}/current/app.sif`]);
const gc = (...words: string[]): Promise<Ended> => site.ctmgr(['gc', ...words]);

describe('a share that is in no state to be changed', () => {
  const share = (): string => site.share;

  afterEach(async () => {
    await exec(['umount', share()]);
  });

  it('read-only: nothing is deleted, no name moves, and each says why', async () => {
    await output(['sh', '-ec', 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"', 'sh', share()]);
    const deleted = await gc('--delete');
    expect([deleted.code, deleted.stderr]).toEqual([73, expect.stringMatching(/so nothing was deleted\n.*EROFS/)]);
    const rolled = await site.ctmgr(['rollback', 'app']);
    expect([rolled.code, rolled.stderr]).toEqual([75, expect.stringMatching(/EROFS.*\n(.*\n)*The change is recorded/)]);
    const polled = await site.ctmgr(['poll']);
    expect([polled.code, polled.stderr]).toEqual([75, expect.stringMatching(/app keeps its old meaning.*EROFS/)]);
    const verified = await site.ctmgr(['verify', 'app', '--json']);
    expect([verified.code, verified.stderr]).toEqual([
      0,
      expect.stringMatching(/cannot submit verify-\S+ now: .*EROFS/),
    ]);
    const examined = await site.ctmgr(['doctor', '--no-jobs']);
    expect([examined.code, examined.stdout]).toEqual([1, expect.stringMatching(/PROBLEM +share .*: EROFS.*\n +Try: /)]);
    expect([await images(), await link()]).toEqual([paths(...tags), `../builds/${tags[2]}/app.sif`]);
    await output(['umount', share()]);
    await required(site.ctmgr(['cancel', (JSON.parse(verified.stdout) as { verification: string }).verification]));
    expect((await site.ctmgr(['poll'])).code).toBe(0);
    expect(await link()).toBe(`../builds/${tags[1]}/app.sif`);
    await required(site.ctmgr(['rollback', 'app', tags[2] ?? '']));
  });

  it('the database on a read-only file system is told from one that the caller may not write', async () => {
    try {
      await output(['sh', '-ec', 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"', 'sh', site.state]);
      const stderr = expect.stringMatching(/database .* is on a read-only file system\n(.*\n)+Try: mount /);
      expect(await site.ctmgr(['list'])).toMatchObject({ code: 73, stderr });
    } finally {
      await output(['umount', site.state]);
    }
    expect(await site.ctmgr(['rollback', 'app'], { user: 'alice' })).toMatchObject({ code: 77 });
  });

  it('not mounted: an empty folder makes nobody believe that the images are gone', async () => {
    await required(site.import('slow', slowDockerfile(1)));
    await required(site.ctmgr(['rebuild', 'slow']));
    await output(['mount', '-t', 'tmpfs', 'empty', share()]);
    const stderr = expect.stringMatching(/the share .* is not there(\n|:).*not mounted here/);
    for (const words of [['gc'], ['gc', '--delete'], ['rebuild']]) {
      expect(await site.ctmgr(words)).toMatchObject({ code: 69, stderr });
    }
    expect(await site.ctmgr(['init'])).toMatchObject({ code: 69 });
    expect(await site.ctmgr(['rollback', 'app'])).toMatchObject({ code: 75, stderr });
    const imported = ['import', `${site.inputs}/slow/Dockerfile`, '--name', 'later'];
    const added = await site.ctmgr(imported);
    expect(added).toMatchObject({ code: 0, stderr: expect.stringMatching(/is not there.*\nThe change is recorded/) });
    const { stdout: checks } = await site.ctmgr(['doctor', '--no-jobs']);
    expect(checks.match(/^PROBLEM.*/gm)).toEqual([expect.stringMatching(/^PROBLEM +share .* is not there: /)]);
    const ended = (): Promise<string> => output(['squeue', '--noheader', '--user=ctmgr']);
    await until('the build to end', ended, (jobs) => jobs === '');
    // Longer than any grace of the configuration.
    const end = performance.now() + 3500;
    while (performance.now() < end) expect(await site.ctmgr(['poll'])).toMatchObject({ code: 75, stderr });
    expect(await output(['ls', '-A', share()])).toBe('');
    await output(['umount', share()]);
    await required(site.ctmgr(['poll', '--wait']));
    expect(await site.status()).toMatchObject([{ name: 'slow', status: 'success' }]);
    expect([await images(), await link()]).toEqual([paths(...tags), `../builds/${tags[1]}/app.sif`]);
    await required(site.ctmgr(['rollback', 'app', tags[2] ?? '']));
  });
});

describe('ctmgr gc', () => {
  it('deletes nothing while slurmctld is away', async () => {
    await fault('slurmctld');
    try {
      const { code, stderr } = await gc('--delete');
      expect([code, stderr]).toEqual([69, expect.stringMatching(/so nothing may be deleted/)]);
    } finally {
      await heal('slurmctld');
    }
    expect(await images()).toBe(paths(...tags));
  });

  it('keeps what a waiting job names, deletes the rest on a full disk too, and history says so', async () => {
    const script = `#!/bin/sh\nsrun --container=app:${tags[0]} true\n`;
    const job = await output(['sbatch', '--parsable', '--hold', '--output=/dev/null'], {
      user: 'alice',
      input: script,
    });
    const plan = await gc();
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(
      new RegExp(`^delete +image +app +${tags[1]} .*1 newer build, not current for 0 days`, 'm'),
    );
    expect(plan.stdout).not.toContain(tags[0]);
    expect(plan.stderr).toMatch(/Kept images: .*1 named by a job.*\n.*Nothing was changed/);
    expect(await images()).toBe(paths(...tags));
    await fault('diskfull:/srv/ctmgr');
    const deleted = await gc('--delete');
    await heal('diskfull:/srv/ctmgr');
    expect(deleted).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^deleted +image +app +${tags[1]}`, 'm')),
    });
    expect(await images()).toBe(paths(tags[0], tags[2]));
    const history = await site.ctmgr(['history', 'app'], { user: 'alice' });
    expect(history.stdout).toMatch(new RegExp(`build ${tags[1]} +1 +version 1 +deleted .*deleted by gc on 20`));
    const gone = await site.ctmgr(['path', `app:${tags[1]}`], { user: 'alice' });
    expect(gone).toMatchObject({ code: 66, stderr: expect.stringMatching(/\n {2}deleted by gc on 20/) });
    await output(['scancel', job], { user: 'alice' });
    expect((await gc('--yes')).code).toBe(0);
    expect(await images()).toBe(paths(tags[2]));
    expect(await site.ctmgr(['rollback', 'app'])).toMatchObject({ code: 66 });
    const [usage] = await site.json<object[]>(['usage']);
    expect(usage).toMatchObject({ group: null, names: 3, images: 2, versions: 3 });
  });
});
