import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, ended, exec, output, type Place, required, start, until } from './support/cluster.ts';
import { buildPlugin, loadPlugin, unloadPlugin } from './support/doors.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

interface Use {
  job: string;
  user: string;
  state: string;
  asked: string;
  tag: string | null;
  file: string | null;
  sha256: string | null;
}

/** slurmdbd remembers what jobs of other sites and earlier runs have asked for: names that nobody else has. */
const [app, secret] = ['app', 'secret'].map((name) => `${name}-${randomBytes(4).toString('hex')}`) as [string, string];

let site: Site;
let alice: Place;
let folder: string;
const tags: string[] = [];

/** Two builds of `app`, of which the rules keep the current one only, and one of `secret`, for projx. */
beforeAll(async () => {
  site = await makeSite({ tables: '[gc]\nkeep = 0\ngrace_days = 0\n' });
  alice = { user: 'alice', env: site.env };
  folder = `${site.inputs}/alice`;
  await output(['install', '-d', '-o', 'alice', folder]);
  await buildPlugin();
  await required(site.import(secret, `FROM ${busybox}\n`, {}, ['--group', 'projx']));
  for (const [text, ...names] of [['one'], ['two', app]] as const) {
    await required(site.import(app, `FROM ${busybox}\nRUN echo ${text} >/etc/image\n`));
    await required(site.ctmgr(['rebuild', ...names, '--wait']));
    tags.push((await site.status())[0]?.tag ?? '');
  }
});

afterAll(async () => {
  await unloadPlugin();
  await output(['scancel', '--user=alice']);
  await site.remove();
});

const jobs = (image: string): Promise<Use[]> => site.json<Use[]>(['jobs', image, '--since=1h']);
const fileOf = (tag: string | undefined): string => `${site.share}/builds/${tag}/${app}.sif`;
const gc = (): Promise<Ended> => site.ctmgr(['gc']);

describe('a step that runs in an exact build', () => {
  it('is told, and protects the file from gc until it has ended', async () => {
    expect((await gc()).stdout).toContain(fileOf(tags[0]));
    const wait = `touch ${folder}/started; until [ -e ${folder}/go ]; do sleep 0.1; done`;
    const container = [`--container=${app}:${tags[0]}`, `--container-mounts=${folder}`];
    const words = ['salloc', '-Q', 'srun', '-Q', ...container, 'sh', '-c', wait];
    const running = ended(start(words, alice));
    await until(
      'the step',
      () => exec(['test', '-e', `${folder}/started`]),
      ({ code }) => code === 0,
    );
    const [use] = await until(
      'the record of the step',
      () => jobs(`${app}:${tags[0]}`),
      (uses) => uses.length > 0,
    );
    const found = { job: expect.stringMatching(/^\d+\.0$/), user: 'alice', tag: tags[0], file: fileOf(tags[0]) };
    expect(use).toMatchObject({ ...found, state: 'RUNNING', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const kept = await gc();
    expect([kept.stdout, kept.stderr]).toEqual(['', expect.stringMatching(/Kept images: .*1 named by a job/)]);
    await output(['touch', `${folder}/go`]);
    await running;
    await until(
      'the end of the step',
      () => jobs(fileOf(tags[0])),
      ([one]) => one?.state === 'COMPLETED',
    );
    expect((await gc()).stdout).toContain(fileOf(tags[0]));
  });
});

describe('what NAME meant', () => {
  it('is in the job itself where it came through the wrapper', async () => {
    const words = ['sbatch', '--parsable', '--wait', '-o', '/dev/null', `--container=${app}`, '--wrap', 'srun -Q true'];
    const job = await output(words, alice);
    expect(await output(['scontrol', 'show', 'job', job])).toContain(`Container=${app}:${tags[1]} `);
    const [use] = await until(
      'the record',
      () => jobs(app),
      ([one]) => one?.job === job,
    );
    expect(use).toMatchObject({ asked: `${app}:${tags[1]}`, tag: tags[1], file: fileOf(tags[1]) });
  });

  it('is known by the time of the submission where it came through the plugin', async () => {
    await loadPlugin(site);
    const fresh = `test $(($(date +%s) - $(stat -c %Z ${site.share}/current/${app}.sif))) -gt 2`;
    await until(
      'the name to be settled',
      () => exec(['sh', '-c', fresh]),
      ({ code }) => code === 0,
    );
    await required(exec(['srun', '-Q', `--container=${app}`, 'true'], alice));
    const [use] = await until(
      'the record',
      () => jobs(app),
      ([one]) => one?.asked === app,
    );
    expect(use).toMatchObject({ user: 'alice', tag: tags[1], file: fileOf(tags[1]) });
    const { stdout } = await site.ctmgr(['jobs', app], { user: 'bob' });
    expect(stdout).toMatch(
      new RegExp(`^${use?.job} +alice +COMPLETED +.* ${app} +${tags[1]} +${fileOf(tags[1])}$`, 'm'),
    );
  });

  it('is not told of an image of others', async () => {
    await required(exec(['srun', '-Q', `--container=${secret}`, 'true'], alice));
    await until(
      'the record',
      () => jobs(secret),
      ([one]) => one?.user === 'alice',
    );
    const asked = await site.ctmgr(['jobs', secret], { user: 'bob' });
    const unknown = await site.ctmgr(['jobs', 'nobody'], { user: 'bob' });
    expect(asked).toEqual({ code: 66, stdout: '', stderr: unknown.stderr.replaceAll('nobody', secret) });
  });
});
