import { afterAll, afterEach, describe, expect, it } from '@jest/globals';

import { exec, fault, heal, output, required } from './support/cluster.ts';
import { arraysOf, buildIsAtWork, buildsOf } from './support/jobs.ts';
import { busybox, type ImageStatus, makeSite, type Site, slowDockerfile } from './support/site.ts';
import { type ScriptedSbatch, scriptSbatch } from './support/scripted-sbatch.ts';
import { watch } from './support/watch.ts';

/** Shell text that leaves slurmctld connectable and mute, as in `cluster fault slurmctld:frozen`. */
const freeze = 'kill -STOP "$(cat /run/cluster/pid/slurmctld)"';

const sites: Site[] = [];
const scripted: ScriptedSbatch[] = [];

async function newSite(...extra: Parameters<typeof makeSite>): Promise<Site> {
  const site = await makeSite(...extra);
  sites.push(site);
  return site;
}

/** A site that submits through a sbatch of our own; Slurm's commands get two seconds for an answer. */
async function siteWithSbatch(body: string, timeout = 2): Promise<Site> {
  const made = await scriptSbatch(body);
  scripted.push(made);
  return newSite({ slurm: `${made.toml}\ncommand_timeout = ${timeout}` });
}

/** Two images that are good, one array that is, and each built once. */
async function expectOneArray(site: Site): Promise<void> {
  const images = await site.status();
  expect(images.map(({ name, status }) => [name, status])).toEqual([
    ['one', 'success'],
    ['two', 'success'],
  ]);
  const arrays = await arraysOf(site);
  expect(arrays).toHaveLength(1);
  expect(images.map(({ job }) => job)).toEqual([`${arrays[0]}_0`, `${arrays[0]}_1`]);
  for (const { name, tag } of images) expect(await buildsOf(site, name, tag)).toBe(1);
}

async function importTwo(site: Site, seconds = 0): Promise<void> {
  for (const name of ['one', 'two']) await required(site.import(name, slowDockerfile(seconds)));
}

afterEach(async () => {
  await heal('slurmctld');
  await heal('slurmdbd');
});

afterAll(async () => {
  for (const site of sites) await site.remove();
  for (const folder of scripted) await folder.remove();
});

describe('slurmdbd is down', () => {
  it('builds, publishes and tells failures by kind from result files and squeue alone', async () => {
    const site = await newSite();
    await site.import('good', slowDockerfile(1));
    await site.import('bad', `FROM ${busybox}\nRUN exit 7\n`);
    await site.import('stopped', slowDockerfile(60));
    await fault('slurmdbd');
    const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
    const [, job] = /job array (\d+) /.exec(await rebuild.says(/job array \d+ /)) ?? [];
    // Index 2 is the third image in the order of their names.
    await rebuild.says(/stopped: queued -> building/);
    const [{ tag }] = (await site.status()) as [ImageStatus];
    await buildIsAtWork(site, 'stopped', tag);
    await output(['scancel', `${job}_2`]);
    const { code, stdout, stderr } = await rebuild.end;
    expect(code).toBe(1);
    expect(await site.status()).toEqual([
      expect.objectContaining({ name: 'bad', status: 'failure', kind: 'build' }),
      expect.objectContaining({ name: 'good', status: 'success' }),
      expect.objectContaining({ name: 'stopped', status: 'cancelled', kind: null }),
    ]);
    expect(stderr.match(/sacct ended with/g)).toHaveLength(1);
    expect(stderr).not.toMatch(/lost/);
    expect(stdout).toMatch(/3 images: 1 success, 1 failure, 1 cancelled/);
    expect((await site.ctmgr(['path', 'good'], { user: 'alice' })).code).toBe(0);
    await heal('slurmdbd');
    const poll = await site.ctmgr(['poll']);
    expect(poll).toEqual({ code: 0, stdout: '', stderr: 'No status has changed.\n' });
  });
});

describe('slurmctld freezes while sbatch waits for its answer', () => {
  it('does not submit twice and settles it when slurmctld answers again', async () => {
    const site = await siteWithSbatch(`${freeze}\nexec /usr/bin/sbatch "$@"`, 30);
    await importTwo(site);
    const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
    // sbatch's own words after MessageTimeout.
    await rebuild.says(/no clear answer from Slurm, the array may exist: .*Socket timed out/);
    await heal('slurmctld');
    const { code, stderr } = await rebuild.end;
    expect(code).toBe(0);
    expect(stderr).toMatch(/job array \d+ of \S+ found again/);
    await expectOneArray(site);
  });

  it('says without --wait what is in doubt and what to do, and poll carries on', async () => {
    const site = await siteWithSbatch(`${freeze}\nexec /usr/bin/sbatch "$@"`);
    await importTwo(site);
    const rebuild = await site.ctmgr(['rebuild']);
    expect(rebuild.code).toBe(75);
    expect(rebuild.stderr).toMatch(/no clear answer from Slurm, the array may exist: sbatch did not answer in time/);
    expect(rebuild.stdout).toMatch(/Slurm has not confirmed everything. Settle it with: ctmgr poll/);
    const poll = await site.ctmgr(['poll']);
    expect(poll.code).toBe(75);
    expect(poll.stderr).toMatch(/cannot tell yet whether Slurm has the array of \S+: squeue did not answer in time/);
    expect((await site.status()).map(({ status }) => status)).toEqual(['pending', 'pending']);
    await heal('slurmctld');
    expect((await site.ctmgr(['poll', '--wait'])).code).toBe(0);
    await expectOneArray(site);
  });
});

describe('the answer of sbatch is lost', () => {
  it('finds the array by its name', async () => {
    const lost = 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation';
    const site = await siteWithSbatch(`/usr/bin/sbatch "$@" >/dev/null\necho '${lost}' >&2\nexit 1`, 30);
    await importTwo(site);
    const { code, stderr } = await site.ctmgr(['rebuild', '--wait']);
    expect(stderr).toMatch(/the array may exist: .*Socket timed out/);
    expect(stderr).toMatch(/found again/);
    expect(code).toBe(0);
    await expectOneArray(site);
  });

  it('submits again what never reached Slurm, once both daemons have denied it', async () => {
    const lost = 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)';
    const site = await siteWithSbatch(`echo '${lost}' >&2\nexit 1`, 30);
    await importTwo(site);
    const { code, stderr } = await site.ctmgr(['rebuild', '--wait']);
    expect(stderr).toMatch(/Slurm does not know the array; it is submitted again if that stays so/);
    expect(code).toBe(0);
    await expectOneArray(site);
  });
});

describe('slurmctld is down', () => {
  it('refuses a rebuild and changes nothing', async () => {
    const site = await newSite({ slurm: 'command_timeout = 2' });
    await importTwo(site);
    await fault('slurmctld');
    const rebuild = await site.ctmgr(['rebuild', '--wait']);
    expect(rebuild.code).toBe(69);
    expect(rebuild.stdout).toBe('');
    expect(rebuild.stderr).toBe(
      'ctmgr: Slurm does not answer, so nothing was started\n' +
        '  scontrol show config did not answer in time\n' +
        'Try: scontrol ping; then the same command again\n',
    );
    expect(await site.json(['status'])).toEqual([]);
    expect(await output(['ls', `${site.share}/builds`, `${site.share}/tasks`])).not.toMatch(/\d{4}-/);
  });

  it('publishes what is built while both daemons are down, and calls nothing failed', async () => {
    const site = await newSite({ slurm: 'command_timeout = 2' });
    // Longer than both daemons take to stop.
    await importTwo(site, 10);
    const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
    await rebuild.says(/two: queued -> building/);
    await fault('slurmctld');
    await fault('slurmdbd');
    const { code, stderr } = await rebuild.end;
    expect(code).toBe(0);
    expect(stderr).toMatch(/squeue did not answer in time/);
    await heal('slurmdbd');
    await heal('slurmctld');
    expect((await site.ctmgr(['poll'])).code).toBe(0);
    await expectOneArray(site);
    expect((await exec(['test', '-e', `${site.share}/current/one.sif`])).code).toBe(0);
  });
});
