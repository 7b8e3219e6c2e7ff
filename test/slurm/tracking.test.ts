import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, fault, heal, output, required, until } from './support/cluster.ts';
import { arraysOf, buildIsAtWork, buildsOf } from './support/jobs.ts';
import { type ImageStatus, makeSite, type Site, slowDockerfile } from './support/site.ts';
import { watch } from './support/watch.ts';

let site: Site;

async function image(name: string): Promise<ImageStatus & { hint: string | null; attempt: number }> {
  const found = (await site.status()).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no image ${name}`);
  return found as ImageStatus & { hint: string | null; attempt: number };
}

const isBuilding = (name: string) =>
  until(
    `${name} builds`,
    async () => (await site.ctmgr(['poll']), await image(name)),
    ({ status }) => status === 'building',
  );

describe('an admin with cancel, retry and throttle', () => {
  let tag: string;

  beforeAll(async () => {
    site = await makeSite({
      build: 'throttle = 1',
      tables: '[classes.held]\nextra_arguments = ["--hold"]\n',
    });
    // The elements of an array start in the order of the names as long as nobody knows how long their builds take.
    for (const name of ['quick', 'waiting']) await required(site.import(name, slowDockerfile(0)));
    for (const name of ['slow-1', 'slow-2']) await required(site.import(name, slowDockerfile(120)));
    await required(site.import('stuck', slowDockerfile(0), {}, ['--class', 'held']));
    await required(site.ctmgr(['rebuild']));
    tag = (await image('quick')).tag;
  });

  afterAll(() => site.remove());

  it('lets users see the whole tag, and says what somebody has to do for a held job', async () => {
    const seen = JSON.parse(await output(['ctmgr', 'status', '--json'], { user: 'alice', env: site.env })) as unknown[];
    expect(seen).toHaveLength(5);
    await until(
      'the reason',
      async () => (await site.ctmgr(['poll']), await image('stuck')),
      ({ hint }) => hint !== null,
    );
    const { hint, job } = await image('stuck');
    expect(hint).toBe(`JobHeldUser: somebody holds the job. Try: scontrol release ${job}`);
    const { stderr } = await site.ctmgr(['status'], { user: 'alice' });
    expect(stderr).toContain(`stuck waits: ${hint}`);
  });

  it('runs as many at once as throttle says from now on', async () => {
    await isBuilding('slow-1');
    // Slurm gives the reason when its scheduler has looked at the job next.
    await until(
      'the reason why slow-2 waits',
      async () => (await site.ctmgr(['poll']), await image('slow-2')),
      ({ status, message }) => status === 'queued' && message === 'JobArrayTaskLimit',
    );
    const { code, stdout } = await site.ctmgr(['throttle', tag, '2']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/at most 2 at once, job arrays \d+ \d+/)]);
    await isBuilding('slow-2');
    expect((await image('slow-1')).status).toBe('building');
  });

  it('cancels one image and leaves the rest alone', async () => {
    const dry = await site.ctmgr(['cancel', 'waiting', '--dry-run']);
    expect(dry.stdout).toMatch(/waiting:\S+ +queued .*\nNothing was changed/);
    expect((await image('waiting')).status).toBe('queued');
    expect((await site.ctmgr(['cancel', `waiting:${tag}`])).code).toBe(0);
    await until(
      'it is cancelled',
      async () => (await site.ctmgr(['poll']), await image('waiting')),
      ({ status }) => status === 'cancelled',
    );
    expect(await image('waiting')).toMatchObject({ message: 'cancelled by root', attempt: 1 });
    expect((await site.status()).map(({ status }) => status)).toContain('building');
  });

  it('cancels what of a tag is left while somebody polls, and keeps what is finished', async () => {
    const [cancelled] = await Promise.all([site.ctmgr(['cancel', tag]), site.ctmgr(['poll']), site.ctmgr(['poll'])]);
    expect(cancelled.code).toBe(0);
    await until(
      'everything has ended',
      async () => (await site.ctmgr(['poll']), await site.status()),
      (images) => images.every(({ status }) => ['success', 'cancelled'].includes(status)),
    );
    for (const name of ['slow-1', 'slow-2'])
      expect(await image(name)).toMatchObject({ status: 'cancelled', message: 'cancelled by root' });
    expect(await image('stuck')).toMatchObject({ status: 'cancelled', message: 'cancelled by root' });
    expect(await image('quick')).toMatchObject({ status: 'success' });
    expect((await exec(['ctmgr', 'path', 'quick'], { user: 'alice', env: site.env })).code).toBe(0);
    const again = await site.ctmgr(['cancel', tag]);
    expect([again.code, again.stdout]).toEqual([0, `Nothing of ${tag} is unfinished.\n`]);
  });

  it('builds once more what was cancelled, in the same tag, and remembers both attempts', async () => {
    const before = await arraysOf(site);
    for (const words of [[tag, 'waiting'], ['waiting'], [`waiting:${tag}`]]) {
      const planned = await site.json(['retry', '--dry-run', ...words]);
      expect(planned).toEqual({ tag, would_retry: [{ name: 'waiting', attempt: 2, class: 'default' }] });
    }
    const { code, stdout } = await site.ctmgr(['retry', 'waiting', '--wait']);
    expect(stdout).toMatch(/Build tag \S+: 5 images/);
    expect(code).toBe(1);
    expect(await image('waiting')).toMatchObject({ status: 'success', attempt: 2 });
    expect((await image('stuck')).status).toBe('cancelled');
    expect((await arraysOf(site)).length).toBe(before.length + 1);
    expect(await buildsOf(site, 'waiting', tag)).toBe(1);
    const history = await site.json<{ what: string; status: string }[]>(['history', 'waiting']);
    expect(history.map(({ what, status }) => [what, status])).toEqual(
      expect.arrayContaining([
        [`build ${tag}`, 'current'],
        [`attempt 1 of ${tag}`, 'cancelled'],
      ]),
    );
  });

  it('refuses tags and names that there are not, and what has not failed', async () => {
    const codes = async (...calls: string[][]): Promise<(number | null)[]> =>
      Promise.all(calls.map(async (words) => (await site.ctmgr(words)).code));
    expect(
      await codes(
        ['cancel', '2020-01-01.1'],
        ['cancel', 'nobody'],
        ['retry', '2020-01-01.1'],
        ['retry', tag, 'quick'],
        ['retry', tag, 'nobody'],
        ['retry', 'nobody'],
        ['retry', 'quick'],
        ['retry', 'stuck', 'quick'],
        ['throttle', tag, '2'],
        ['throttle', tag, 'many'],
      ),
    ).toEqual([66, 66, 66, 66, 66, 66, 66, 64, 66, 64]);
    expect((await site.ctmgr(['cancel', tag], { user: 'alice' })).code).toBe(77);
  });
});

describe('a node that dies', () => {
  beforeAll(async () => {
    site = await makeSite({
      retry: 'infrastructure = 1\ndelay = 0',
      tables: '[classes.once]\nextra_arguments = ["--no-requeue"]\n',
    });
  });

  afterEach(async () => {
    await exec(['scontrol', 'update', 'NodeName=b2', 'State=RESUME']);
    await heal('node:b1');
  });

  afterAll(() => site.remove());

  it('has its builds requeued by Slurm, or tried again where Slurm may not, and each image is built whole', async () => {
    await required(site.import('requeued', slowDockerfile(20)));
    await required(site.import('retried', slowDockerfile(20), {}, ['--class', 'once']));
    await output(['scontrol', 'update', 'NodeName=b2', 'State=DRAIN', 'Reason=test']);
    const rebuild = watch(site.startCtmgr(['rebuild', '--wait']));
    await rebuild.says(/requeued: queued -> building/);
    await rebuild.says(/retried: queued -> building/);
    const { tag } = await image('requeued');
    for (const name of ['requeued', 'retried']) await buildIsAtWork(site, name, tag);
    await fault('node:b1');
    await output(['scontrol', 'update', 'NodeName=b2', 'State=RESUME']);
    const { code, stderr } = await rebuild.end;
    expect(stderr).toMatch(/requeued: building -> queued/);
    expect(stderr).toMatch(/retried: building -> (pending|queued|building) \((attempt 2 after )?node: /);
    expect(code).toBe(0);
    expect(await image('requeued')).toMatchObject({ status: 'success', node: 'b2', attempt: 1 });
    expect(await image('retried')).toMatchObject({ status: 'success', node: 'b2', attempt: 2 });
    for (const name of ['requeued', 'retried']) {
      const log = await output(['cat', `${site.share}/logs/${tag}/${name}.log`]);
      const builds = log.match(/^ctmgr: building \S+ on b[12]/gm);
      expect(builds).toEqual([`ctmgr: building ${name} on b1`, `ctmgr: building ${name} on b2`]);
      expect(log.includes('ctmgr: another attempt of job')).toBe(name === 'requeued');
    }
    expect(await arraysOf(site)).toHaveLength(3);
  });
});
