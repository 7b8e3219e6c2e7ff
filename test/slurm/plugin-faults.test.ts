import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { type Ended, exec, output, type Place, required } from './support/cluster.ts';
import { buildPlugin, loadPlugin, pluginLine, runLines, unloadPlugin, useConfig } from './support/doors.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

let site: Site;
let config: string;
let tag: string;
const alice: Place = { user: 'alice' };
const bob: Place = { user: 'bob' };
/** Tells where it runs. */
const where = ['sh', '-c', 'echo "${IMAGE:-host}"'];

const srun = (...words: string[]): Promise<Ended> => exec(['srun', '-Q', ...words], alice);
const inside = { code: 0, stdout: 'hello\n', stderr: '' };
const bare = { code: 0, stdout: 'host\n', stderr: '' };
const failed = (code: number, text: string) => ({ code, stdout: '', stderr: expect.stringContaining(text) });

beforeAll(async () => {
  site = await makeSite();
  config = await output(['cat', `${site.inputs}/config.toml`]);
  await buildPlugin();
  await required(site.import('hello', `FROM ${busybox}\nENV IMAGE=hello\n`));
  await required(site.ctmgr(['rebuild', '--wait']));
  tag = (await site.status())[0]?.tag ?? '';
});
beforeEach(() => loadPlugin(site));
afterAll(async () => {
  await unloadPlugin();
  await site.remove();
});

describe('what is not as it should be', () => {
  it('a catalogue that is missing, late or open to others: the name still works', async () => {
    const catalogue = `${site.share}/catalog.json`;
    await output(['cp', '-p', catalogue, `${catalogue}.kept`]);
    const both = (): Promise<Ended[]> =>
      runLines(
        [
          { words: ['srun', '-Q', '--container=hello', ...where] },
          { words: ['srun', '-Q', `--container=hello:${tag}`, 'true'] },
        ],
        alice,
      );
    expect(await both()).toEqual([inside, { code: 0, stdout: '', stderr: '' }]);
    await output(['rm', catalogue]);
    expect(await both()).toEqual([inside, failed(69, `cannot read ${catalogue}`)]);
    await site.write(catalogue, '{\n  "images": [\n    {"name":"hel');
    expect(await both()).toEqual([inside, { code: 0, stdout: '', stderr: '' }]);
    const digest = `hello@sha256:${'0'.repeat(64)}`;
    expect(await srun(`--container=${digest}`, 'true')).toEqual(failed(66, `there is no image ${digest}`));
    await output(['sh', '-c', 'cp -p "$1.kept" "$1" && chmod o+w "$1"', 'sh', catalogue]);
    expect(await both()).toEqual([inside, failed(69, 'others than its owner may write')]);
    await output(['mv', `${catalogue}.kept`, catalogue]);
  });

  it('a configuration that others may write, or that makes no sense, harms nobody without --container', async () => {
    const both = (): Promise<Ended[]> =>
      runLines([{ words: ['srun', '-Q', '--container=hello', ...where] }, { words: ['srun', '-Q', ...where] }], alice);
    await output(['chmod', 'g+w', '/etc/ctmgr/doors.toml']);
    expect(await both()).toEqual([failed(78, 'does not belong to root alone'), bare]);
    await output(['chown', 'alice', '/etc/ctmgr/doors.toml']);
    await output(['chmod', '644', '/etc/ctmgr/doors.toml']);
    expect(await both()).toEqual([failed(78, 'does not belong to root alone'), bare]);
    await output(['rm', '/etc/ctmgr/doors.toml']);
    await useConfig('[paths\nshare = 3\n');
    expect(await both()).toEqual([failed(78, 'cannot read line 1'), bare]);
    await loadPlugin(site, `${pluginLine()} nonsense=1`);
    expect((await both()).map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, 'hello\n'],
      [0, 'host\n'],
    ]);
  });

  it('a plugin that is not there does not harm plain jobs; two plugins and a doubled one do no harm', async () => {
    await loadPlugin(site, 'optional /nonexistent/ctmgr.so');
    // Slurm complains itself, and goes on because the line says optional.
    expect(await srun(...where)).toMatchObject({ code: 0, stdout: 'host\n' });
    await output(['sh', '-c', 'mkdir -p /usr/local/lib/twin && cp /usr/local/lib/ctmgr/* /usr/local/lib/twin']);
    for (const lines of [
      [pluginLine(), pluginLine()],
      [pluginLine(), pluginLine().replace('/lib/ctmgr/', '/lib/twin/')],
      ['optional spank_pbs.so', pluginLine()],
      [pluginLine(), 'optional spank_pbs.so'],
      [pluginLine().replace('optional', 'required')],
    ]) {
      await loadPlugin(site, ...lines);
      expect([lines, await srun('--container=hello', ...where)]).toEqual([lines, inside]);
    }
  });

  it('a node that does not load the plugin cannot run the command on the bare host', async () => {
    await output(['sh', '-c', 'mount --bind /dev/null /etc/slurm/plugstack.conf'], { node: 'c2' });
    const end = await srun('-w', 'c2', '--container=hello', ...where);
    const both = await srun('-w', 'c1', '--container=hello', ...where, ':', '-w', 'c2', ...where);
    await output(['umount', '/etc/slurm/plugstack.conf'], { node: 'c2' });
    expect([end, both]).toEqual([inside, { ...inside, stdout: 'hello\nhello\n' }]);
  });

  it('a share that is not mounted on the node: the message names it', async () => {
    await output(['mount', '-t', 'tmpfs', 'none', '/srv/ctmgr'], { node: 'c1' });
    const end = await srun('-w', 'c1', '--container=hello', 'true');
    await output(['umount', '/srv/ctmgr'], { node: 'c1' });
    expect(end).toEqual(failed(69, 'on node c1: is the file system mounted?'));
  });

  it('an image that is removed while the job waits', async () => {
    const file = `${site.share}/builds/${tag}/hello.sif`;
    await output(['mv', file, `${file}.kept`]);
    const pin = `hello - ${file}`;
    const end = await exec(
      ['env', 'SLURM_JOB_ID=1', `SLURM_CTMGR_PIN=${pin}`, 'srun', '--container=hello', 'true'],
      alice,
    );
    await output(['mv', `${file}.kept`, file]);
    expect(end).toEqual(failed(69, 'is gone'));
    const task = '#!/bin/sh\necho "export SLURM_CTMGR_PIN=hello - /srv/ctmgr/nothing/hello.sif"\n';
    await site.write(`${site.inputs}/gone`, task, '755');
    expect(await srun(`--task-prolog=${site.inputs}/gone`, '--container=hello', 'true')).toMatchObject({
      stdout: '',
      code: 69,
    });
  });

  it('a path with blanks, a large environment, an empty value', async () => {
    const share = `${site.share}/with two  blanks`;
    await output([
      'sh',
      '-c',
      'mkdir -p "$1/builds/2026-01-01.1" "$1/current" && cp "$2" "$1/builds/2026-01-01.1/"',
      'sh',
      share,
      `${site.share}/builds/${tag}/hello.sif`,
    ]);
    await output(['ln', '-s', '../builds/2026-01-01.1/hello.sif', `${share}/current/hello.sif`]);
    await useConfig(config.replace(/^share = .*$/m, `share = "${share}"`));
    expect(await srun('--container=hello', ...where)).toEqual(inside);
    await loadPlugin(site);
    const [large, empty] = await runLines(
      [
        {
          words: ['srun', '-Q', '--container=hello', 'sh', '-c', 'echo ${#LARGE}:${#HUGE}'],
          env: { LARGE: 'x'.repeat(4096), HUGE: 'y'.repeat(100_000) },
        },
        { words: ['srun', '-Q', '--container=', 'true'] },
      ],
      alice,
    );
    expect(large).toEqual({ code: 0, stdout: '4096:100000\n', stderr: '' });
    expect(empty).toEqual(failed(64, 'needs the name of an image'));
  });
});

describe.each(['wrapper', 'plugin'])('through the %s', (door) => {
  let user: Place;

  beforeAll(() => {
    user = { user: 'alice', env: door === 'wrapper' ? site.env : {} };
  });
  beforeEach(() => (door === 'wrapper' ? unloadPlugin() : loadPlugin(site)));

  it('a missing catalogue, an empty name and a large environment', async () => {
    const catalogue = `${site.share}/catalog.json`;
    await output(['mv', catalogue, `${catalogue}.kept`]);
    const [missing, empty, large] = await runLines(
      [
        { words: ['srun', '-Q', '--container=hello', ...where] },
        { words: ['srun', '-Q', '--container=', 'true'] },
        {
          words: ['srun', '-Q', '--container=hello', 'sh', '-c', 'echo ${#LARGE}'],
          env: { LARGE: 'x'.repeat(4096) },
        },
      ],
      user,
    );
    await output(['mv', `${catalogue}.kept`, catalogue]);
    expect(missing).toEqual(inside);
    expect(empty).toMatchObject({ code: 64, stderr: expect.stringMatching(/name of an image/) });
    expect(large).toEqual({ code: 0, stdout: '4096\n', stderr: '' });
  });

  it('batch scripts run in the image where the site says so, and no others', async () => {
    const settings = `${config}\n[containers]\nbatch_script = "inside"\nenvironment = { SITE = "centre" }\n`;
    const folder = `${site.inputs}/alice-inside-${door}`;
    await output(['install', '-d', '-o', 'alice', folder]);
    if (door === 'plugin') await useConfig(settings);
    await site.write(`${folder}/config.toml`, settings);
    const tell = 'echo "${IMAGE:-host}|$SITE|$CTMGR_CONTAINER|$*|$(pwd)|$NOT_SET"';
    const lines = ['#!/bin/sh -u', '#SBATCH --container=hello --container-workdir=/usr', tell, 'echo not reached'];
    await site.write(`${folder}/job.sh`, `${lines.join('\n')}\n`);
    const out = (name: string): string[] => ['sbatch', '-Q', '-D', '/tmp', '-o', `${folder}/${name}.out`];
    const env = door === 'plugin' ? {} : { CTMGR_CONFIG: `${folder}/config.toml` };
    const ends = await runLines(
      [
        { words: [...out('script'), `${folder}/job.sh`, 'a  b'], env },
        { words: [...out('wrap'), '--export=NONE', '--container', 'hello', '--wrap', tell], env },
        { words: [...out('plain'), '--wrap', tell], env },
      ],
      alice,
    );
    expect(ends).toEqual(ends.map(() => ({ code: 0, stdout: '', stderr: '' })));
    await output(['sh', '-c', 'while squeue -h -u alice -t pending,running | grep -q .; do sleep 0.1; done']);
    const printed = async (name: string): Promise<string> => output(['cat', `${folder}/${name}.out`]);
    expect(await printed('script')).toMatch(/slurm_script: line 3: NOT_SET: parameter not set$/);
    expect(await printed('wrap')).toBe('hello|centre|hello||/tmp|');
    expect(await printed('plain')).toBe('host||||/tmp|');
  });

  it('an image that is removed between submission and start, and a share that the node has not', async () => {
    const file = `${site.share}/builds/${tag}/hello.sif`;
    const out = `${site.inputs}/alice-${door}`;
    await output(['install', '-d', '-o', 'alice', out]);
    const script = `until [ -e ${out}/go ]; do sleep 0.1; done; srun -Q sh -c 'echo "\${IMAGE:-host}"'; echo "ended $?"`;
    const words = ['sbatch', '-Q', '-w', 'c2', '-o', `${out}/job`, '--container=hello', '--wrap', script];
    expect(await exec(words, user)).toMatchObject({ code: 0, stderr: '' });
    await output(['mv', file, `${file}.kept`]);
    await output(['touch', `${out}/go`]);
    await output(['sh', '-c', `until grep -q ended ${out}/job 2>/dev/null; do sleep 0.1; done`]);
    await output(['mv', `${file}.kept`, file]);
    const printed = await output(['cat', `${out}/job`]);
    expect(printed).toMatch(/the file of image hello is (gone|not there)/);
    expect(printed).toMatch(/ended [1-9]/);
    expect(printed).not.toMatch(/^(host|hello)$/m);
    await output(['mount', '-t', 'tmpfs', 'none', '/srv/ctmgr'], { node: 'c1' });
    const end = await exec(['srun', '-Q', '-w', 'c1', '--container=hello', ...where], user);
    await output(['umount', '/srv/ctmgr'], { node: 'c1' });
    expect(end).toEqual({ code: 69, stdout: '', stderr: expect.stringMatching(/on node c1.*mounted/) });
  });
});

describe('values that make no sense', () => {
  it('are refused at submission, also those of the environment, and no is not yes', async () => {
    const sbatch = ['sbatch', '-Q', '--container=hello', '--wrap', 'true'];
    const write = ['srun', '-Q', '--container=hello', 'sh', '-c', 'touch /etc/new 2>/dev/null || echo not'];
    const ends = await runLines(
      [
        { words: ['sbatch', '--container-mounts=data', ...sbatch.slice(1)] },
        { words: sbatch, env: { CTMGR_CONTAINER_MOUNTS: '/etc:/data:rx' } },
        { words: sbatch, env: { CTMGR_CONTAINER_GPU: 'all' } },
        { words: sbatch, env: { CTMGR_CONTAINER_MOUNT_HOME: 'maybe' } },
        { words: write, env: { CTMGR_CONTAINER_WRITABLE: 'no' } },
        { words: ['srun', '--container-writable', ...write.slice(1)] },
        { words: ['srun', '-Q', '-N1', '-n2', '--container=hello', '--container-gpu=amd', 'true'] },
      ],
      alice,
    );
    expect(ends).toEqual([
      failed(64, 'absolute paths'),
      failed(64, 'flag of a mount'),
      failed(64, 'CTMGR_CONTAINER_GPU is nvidia, amd or none'),
      failed(64, 'CTMGR_CONTAINER_MOUNT_HOME is yes or no'),
      { code: 0, stdout: 'not\n', stderr: '' },
      { code: 0, stdout: '', stderr: '' },
      { code: 0, stdout: '', stderr: expect.stringMatching(/^ctmgr: node c\d has no GPU of AMD: .*\n$/) },
    ]);
  });
});

it.each(['wrapper', 'plugin'])(
  '%s: what a script asks for besides the image holds for its steps only',
  async (door) => {
    if (door === 'wrapper') await unloadPlugin();
    const folder = `${site.inputs}/alice-steps-${door}`;
    await output(['install', '-d', '-o', 'alice', folder]);
    const step = `srun -Q sh -c 'echo "\${IMAGE:-host}"; test -e ~/.profile && echo home; touch /etc/new 2>/dev/null && echo written'`;
    const onHost = 'env -u SLURM_CTMGR_PIN -u SLURM_CONTAINER srun -Q sh -c';
    const text = `#!/bin/sh
#SBATCH --container=hello --no-container-mount-home --container-writable
#SBATCH --container-mounts=/etc/slurm:/etc/site:ro -D /tmp -o ${folder}/out
${step}
srun -Q --container-mount-home sh -c 'test -e ~/.profile && echo home'
srun -Q ls /etc/site/slurm.conf
${onHost} 'echo "\${IMAGE:-host}"; ls -d /etc/site 2>&1; true'
touch ${folder}/end
`;
    await site.write(`${folder}/job.sh`, text);
    await output(['touch', '/home/alice/.profile']);
    const sbatch = door === 'wrapper' ? 'sbatch' : '/usr/bin/sbatch';
    expect(await exec([sbatch, '-Q', `${folder}/job.sh`], { ...alice, env: site.env })).toMatchObject({
      code: 0,
      stderr: '',
    });
    await output(['sh', '-c', `until [ -e ${folder}/end ]; do sleep 0.1; done`]);
    const printed = await output(['cat', `${folder}/out`]);
    expect(printed.split('\n').slice(0, 5)).toEqual(['hello', 'written', 'home', '/etc/site/slurm.conf', 'host']);
    expect(printed).toMatch(/\/etc\/site.*No such file/);
  },
);

describe('what a user makes up', () => {
  const secret = (): string => `${site.share}/private/projx/builds/${tag}/secret.sif`;

  beforeAll(async () => {
    const place = `${site.share}/private/projx`;
    await output([
      'install',
      '-d',
      '-g',
      'projx',
      '-m',
      '750',
      place,
      `${place}/builds`,
      `${place}/builds/${tag}`,
      `${place}/current`,
    ]);
    await output(['install', '-g', 'projx', '-m', '440', `${site.share}/builds/${tag}/hello.sif`, secret()]);
    await output(['ln', '-s', `../builds/${tag}/secret.sif`, `${place}/current/secret.sif`]);
  });

  it('reaches no image of another group, by name or by pin, at submission or on the node', async () => {
    for (const reference of ['secret', `secret:${tag}`])
      expect(await exec(['srun', '-Q', `--container=${reference}`, ...where], alice)).toEqual(inside);
    expect(await exec(['srun', '-Q', '--container=secret', 'true'], bob)).toEqual(
      failed(66, 'there is no image secret, or it is not available to you'),
    );
    const pin = `secret - ${secret()}`;
    const asJob = ['env', 'SLURM_JOB_ID=1', `SLURM_CTMGR_PIN=${pin}`, 'srun', '-Q', '--container=secret', 'true'];
    expect(await exec(asJob, bob)).toEqual(failed(77, 'not available to you'));
    await site.write(`${site.inputs}/forge`, `#!/bin/sh\necho "export SLURM_CTMGR_PIN=${pin}"\n`, '755');
    const end = await exec(['srun', '-Q', `--task-prolog=${site.inputs}/forge`, '--container=hello', 'true'], bob);
    expect(end).toEqual(failed(77, 'image secret is not available to you on node'));
  });

  it.each([
    ['another image under a known name', () => `hello - ${secret()}`],
    ['a file that is no image of the site', () => 'hello - /etc/passwd'],
    ['a way out of the folder', () => `hello - ${site.share}/builds/../../../etc/hello.sif`],
    ['a name with a quote', () => `hel'lo - ${site.share}/builds/${tag}/hello.sif`],
    ['not a pin', () => 'x'],
  ])('is refused on the node: %s', async (_, pin) => {
    await site.write(`${site.inputs}/forge`, `#!/bin/sh\necho "export SLURM_CTMGR_PIN=${pin()}"\n`, '755');
    const end = await srun(`--task-prolog=${site.inputs}/forge`, '--container=hello', 'true');
    expect(end).toMatchObject({ stdout: '', stderr: expect.stringContaining('ctmgr: ') });
    expect(end.code).toBeGreaterThan(0);
  });

  it('an image file of their own: only where the site allows that', async () => {
    const file = `${site.share}/builds/${tag}/hello.sif`;
    const ask = (): Promise<Ended> => srun(`--container=${file}`, ...where);
    expect(await ask()).toEqual(failed(64, 'not allowed here'));
    await useConfig(`${config}\n[containers]\nuser_images = true\n`);
    expect(await ask()).toEqual(inside);
    expect(await srun('--container=/etc/hello.sif', 'true')).toEqual(failed(69, 'is gone'));
    expect(await srun('--container=/bundle', ...where)).toEqual(bare);
  });
});

describe('config.toml', () => {
  it('tells binds, variables, arguments, an image’s own, scripts inside', async () => {
    await useConfig(`${config}
[containers]
binds = ["/etc/slurm:/site:ro"]
environment = { SITE = "general", IMAGE = "from the site" }
batch_script = "inside"
[containers.images.hello.environment]
SITE = "own, and \\"quoted\\""
`);
    const text = 'ls /site/slurm.conf; echo "$SITE|$IMAGE"';
    const stdout = '/site/slurm.conf\nown, and "quoted"|from the site\n';
    expect(await srun('--container=hello', 'sh', '-c', text)).toEqual({ code: 0, stdout, stderr: '' });
    const out = `${site.inputs}/alice/inside.out`;
    await output(['install', '-d', '-o', 'alice', `${site.inputs}/alice`]);
    expect(
      await exec(['/usr/bin/sbatch', '-Q', '--wait', '-o', out, '--container=hello', '--wrap', text], alice),
    ).toMatchObject({ code: 0 });
    expect(await output(['cat', out])).toBe(stdout.trimEnd());
  });
});
