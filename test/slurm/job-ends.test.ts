import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, fault, heal, output, required, until } from './support/cluster.ts';
import { arraysOf, buildIsAtWork } from './support/jobs.ts';
import { type ImageStatus, makeSite, type Site, slowDockerfile } from './support/site.ts';
import { watch } from './support/watch.ts';

const sites: Site[] = [];
/** One minute is Slurm's shortest time limit, so this site's only build runs into it while other tests go on. */
let slow: Site;

/** Classes that pin builds to a node, so that a test breaks only its own. */
const pinned = (['b1', 'b2'] as const)
  .map((node) => `[classes.on-${node}]\ntime = "00:05:00"\nextra_arguments = ["--nodelist=${node}", "--no-requeue"]\n`)
  .join('');

async function newSite(extra: Parameters<typeof makeSite>[0] = {}): Promise<Site> {
  const site = await makeSite(extra);
  sites.push(site);
  return site;
}

/** Imports images that take so many seconds; a class for some. */
async function importSlow(site: Site, images: Record<string, number>, jobClass?: string): Promise<void> {
  for (const [name, seconds] of Object.entries(images)) {
    const more = jobClass === undefined ? [] : ['--class', jobClass];
    await required(site.import(name, slowDockerfile(seconds), {}, more));
  }
}

async function image(site: Site, name: string): Promise<ImageStatus> {
  const found = (await site.status()).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no image ${name}`);
  return found;
}

/** What NAME means in the end: a file for users and a link, or neither. */
async function expectPublished(site: Site, name: string, published: boolean): Promise<void> {
  expect((await site.ctmgr(['path', name], { user: 'alice' })).code).toBe(published ? 0 : 66);
  expect((await exec(['test', '-e', `${site.share}/current/${name}.sif`])).code).toBe(published ? 0 : 1);
}

/** Every file below builds/ is an image that the catalogue knows, or the digest of one. */
async function expectNothingHalf(site: Site): Promise<void> {
  const files = await output(['find', `${site.share}/builds`, '-type', 'f', '!', '-name', '*.sif.sha256']);
  const good = (await site.status()).filter(({ status }) => status === 'success');
  expect(files.split('\n').filter((file) => file !== '')).toHaveLength(good.length);
}

afterEach(async () => {
  await heal('node:b1');
  await heal('diskfull:/srv/ctmgr');
  await heal('diskfull:/var/lib/ctmgr');
  await heal('diskfull:b1:/scratch');
});

afterAll(async () => {
  for (const site of sites) await site.remove();
});

describe('a node', () => {
  it('calls builds of a node that dies failed by the node, and only those', async () => {
    const site = await newSite({ tables: pinned });
    await importSlow(site, { dies: 60 }, 'on-b1');
    await importSlow(site, { lives: 4 }, 'on-b2');
    const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
    await rebuild.says(/dies: queued -> building/);
    await fault('node:b1');
    const { code, stdout } = await rebuild.end;
    expect(code).toBe(1);
    expect(await image(site, 'dies')).toMatchObject({ status: 'failure', kind: 'node', node: 'b1' });
    expect(await image(site, 'lives')).toMatchObject({ status: 'success', node: 'b2' });
    expect(stdout).toMatch(/dies: failure \(node\): the node failed on b1 \(NODE_FAIL\)/);
    await expectPublished(site, 'lives', true);
    await expectPublished(site, 'dies', false);
  });
});

describe('while another build runs into its time limit', () => {
  beforeAll(async () => {
    slow = await newSite({ tables: '[classes.minute]\ntime = "00:01:00"\nextra_arguments = ["--nodelist=b2"]' });
    await importSlow(slow, { late: 300 }, 'minute');
    await required(slow.ctmgr(['rebuild']));
  });

  describe('an admin with scancel', () => {
    it('calls an element cancelled that an admin cancelled, and says who it was', async () => {
      const site = await newSite();
      await importSlow(site, { good: 1, stopped: 60 });
      const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
      await rebuild.says(/stopped: queued -> building/);
      const { job } = await until(
        'the job id',
        () => image(site, 'stopped'),
        ({ job: id }) => id !== null,
      );
      await output(['scancel', String(job)]);
      const { code, stdout } = await rebuild.end;
      expect(code).toBe(1);
      expect(await image(site, 'stopped')).toMatchObject({ status: 'cancelled', kind: null });
      expect(stdout).toMatch(/stopped: cancelled: cancelled by root/);
      expect(await image(site, 'good')).toMatchObject({ status: 'success' });
    });

    it('calls every element cancelled when a whole array is, also those that never started', async () => {
      const site = await newSite({ build: 'throttle = 1' });
      await importSlow(site, { a: 60, b: 60, c: 60 });
      const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
      await rebuild.says(/a: queued -> building/);
      const { job } = await until(
        'the job id',
        () => image(site, 'a'),
        ({ job: id }) => id !== null,
      );
      await output(['scancel', String(job).replace(/_.*/, '')]);
      const { code, stdout } = await rebuild.end;
      expect(code).toBe(1);
      expect((await site.status()).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
      expect(stdout).toMatch(/3 images: 3 cancelled/);
    });
  });

  describe('Slurm cannot run the job', () => {
    it("tells in Slurm's own words why it refuses an array", async () => {
      const site = await newSite({ tables: '[classes.wrong]\npartition = "nowhere"' });
      await importSlow(site, { good: 0 });
      await importSlow(site, { refused: 0 }, 'wrong');
      const { code, stdout, stderr } = await site.ctmgr(['rebuild', '--wait']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/Slurm refused the array of class wrong: .*invalid partition/i);
      expect(stdout).toMatch(/refused: failure \(infrastructure\): Slurm refused the job: .*invalid partition/i);
      expect(await image(site, 'good')).toMatchObject({ status: 'success' });
      const alone = await site.ctmgr(['rebuild', 'refused']);
      expect(alone.code).toBe(1);
      expect(alone.stdout).toMatch(/was refused by Slurm/);
    });

    it('calls a job that could not be started a failure of the infrastructure', async () => {
      const site = await newSite({ build: 'throttle = 1' });
      await importSlow(site, { first: 8, second: 0 });
      const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
      await rebuild.says(/first: queued -> building/);
      await buildIsAtWork(site, 'first', (await image(site, 'first')).tag);
      await output(['sh', '-c', 'rm -r "$1"/logs/*', 'sh', site.share]);
      const { code, stdout } = await rebuild.end;
      expect(code).toBe(1);
      expect(await image(site, 'first')).toMatchObject({ status: 'success' });
      expect(await image(site, 'second')).toMatchObject({ status: 'failure', kind: 'infrastructure' });
      expect(stdout).toMatch(/second: failure \(infrastructure\): Slurm could not run the job/);
    });
  });

  describe('a disk is full', () => {
    it('blames the scratch folder of the node', async () => {
      const site = await newSite({ tables: pinned });
      await importSlow(site, { small: 0 }, 'on-b1');
      await fault('diskfull:b1:/scratch');
      const { code, stdout } = await site.ctmgr(['rebuild', '--wait']);
      expect(code).toBe(1);
      expect(await image(site, 'small')).toMatchObject({ status: 'failure', kind: 'infrastructure', node: 'b1' });
      expect(stdout).toMatch(/small: failure \(infrastructure\): .*\/scratch.* on b1/);
      await expectNothingHalf(site);
    });

    it('publishes nothing half while the share is full, and carries on when there is room', async () => {
      const site = await newSite();
      // One ends while the share is full, the other one after that, also on a machine that is slow to notice the first.
      await importSlow(site, { early: 10, later: 45 });
      const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
      await rebuild.says(/early: queued -> building/);
      await rebuild.says(/later: queued -> building/);
      await fault('diskfull:/srv/ctmgr');
      await rebuild.says(/early: building -> failure/);
      await expectNothingHalf(site);
      await heal('diskfull:/srv/ctmgr');
      const { code, stdout, stderr } = await rebuild.end;
      expect(code).toBe(1);
      expect(stderr.match(/cannot write the catalogue .*ENOSPC/g)).toHaveLength(1);
      expect(stdout).toMatch(/early: failure \(infrastructure\): .*(share|no space left)/);
      expect(await image(site, 'later')).toMatchObject({ status: 'success' });
      await expectNothingHalf(site);
      expect((await site.ctmgr(['rebuild', 'early', '--wait'])).code).toBe(0);
    });

    it('submits nothing from a full share, and poll carries the rebuild on', async () => {
      const site = await newSite();
      await importSlow(site, { one: 0 });
      await fault('diskfull:/srv/ctmgr');
      const rebuild = await site.ctmgr(['rebuild', '--wait']);
      expect(rebuild.code).toBe(73);
      // A page or two may be left, so that either of the two is the first that does not fit.
      expect(rebuild.stderr).toMatch(
        /cannot (write the catalogue|prepare the builds) .*\n.*ENOSPC.*\nTry: make the share writable, then: ctmgr poll/,
      );
      expect(await arraysOf(site)).toEqual([]);
      await heal('diskfull:/srv/ctmgr');
      expect((await site.ctmgr(['poll', '--wait'])).code).toBe(0);
      expect(await image(site, 'one')).toMatchObject({ status: 'success' });
      expect(await arraysOf(site)).toHaveLength(1);
    });

    it('says so when it is that of the database, and loses nothing', async () => {
      const site = await newSite();
      // Longer than it takes to fill the disk.
      await importSlow(site, { one: 8 });
      const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
      await rebuild.says(/one: queued -> building/);
      await fault('diskfull:/var/lib/ctmgr');
      const { code, stderr } = await rebuild.end;
      expect(code).toBe(73);
      expect(stderr).toMatch(/cannot write the database .*\n.*full\nTry: df -h .*ctmgr poll --wait/);
      await heal('diskfull:/var/lib/ctmgr');
      expect((await site.ctmgr(['poll', '--wait'])).code).toBe(0);
      expect(await image(site, 'one')).toMatchObject({ status: 'success' });
    });
  });

  it('tells of the time limit', async () => {
    const { code, stdout } = await slow.ctmgr(['poll', '--wait']);
    expect(code).toBe(1);
    expect(await image(slow, 'late')).toMatchObject({ status: 'failure', kind: 'timeout', node: 'b2' });
    expect(stdout).toMatch(/late: failure \(timeout\): stopped at its time limit on b2/);
    await expectNothingHalf(slow);
  });
});
