import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { exec, output, type Place, required } from './support/cluster.ts';
import { buildPlugin, type Line, loadPlugin, runLines, unloadPlugin } from './support/doors.ts';
import { busybox, makeSite, type Site } from './support/site.ts';

let site: Site;
let alice: Place;
let folder: string;

beforeAll(async () => {
  site = await makeSite({
    tables: `[containers]\nenvironment = { SITE = "centre" }\n[containers.images.other]\nenvironment = { SITE = "own" }\nbinds = ["/etc/slurm:/slurm:ro"]\n`,
  });
  alice = { user: 'alice', env: site.env };
  folder = `${site.inputs}/alice`;
  await buildPlugin();
  for (const name of ['hello', 'other'])
    await required(site.import(name, `FROM ${busybox}\nENV IMAGE=${name}\nRUN echo ${name} >/etc/image\n`));
  await required(site.ctmgr(['rebuild', '--wait']));
  await output(['install', '-d', '-o', 'alice', folder]);
  await site.write(`${folder}/two.conf`, "# two programs\n0 sh -c 'echo $IMAGE:$SLURM_PROCID'\n1 cat /etc/image\n");
  const script = (head: string): string =>
    `#!/bin/sh\n${head}\necho "script:\${IMAGE:-host}:$*"\nsrun --quiet sh -c 'echo "step:\${IMAGE:-host}"'\n` +
    `srun --quiet --container=other sh -c 'echo "other:\${IMAGE:-host}"'\n` +
    `srun --quiet sh -c 'echo "again:\${IMAGE:-host}:$CTMGR_CONTAINER:\${#CTMGR_SHA256}"'\n`;
  await site.write(`${folder}/named.sh`, script('#SBATCH --container=hello'), '755');
  await site.write(`${folder}/plain.sh`, script('#SBATCH --comment="not --container=nope"'), '755');
  await site.write(`${folder}/bare.sh`, '#!/bin/sh\nsrun --quiet sh -c \'echo "step:${IMAGE:-host}"\'\n', '755');
});

afterAll(async () => {
  await unloadPlugin();
  await site.remove();
});

/** sbatch --wait would ask every few seconds only. */
async function allJobsEnded(): Promise<void> {
  await output(['sh', '-c', 'while squeue -h -u alice -t pending,running | grep -q .; do sleep 0.1; done']);
}

const probe = ['sh', '-c', 'echo "${IMAGE:-host}:$#:$*"', 'sh', 'a b', '--container=x', ''];

/** Options of the real srun; each line runs the probe twice or once, as `tasks` says. */
const options: [words: string[], tasks?: number][] = [
  [['-n2'], 2],
  [['-n', '2'], 2],
  [['--ntasks=2', '--label'], 2],
  [['-lN2'], 2],
  [['-lN', '2'], 2],
  [['--nodes', '2', '--ntasks-per-node', '1'], 2],
  [['-c1', '--cpus-per-task', '1']],
  [['--mem=100', '-t1']],
  [['--mem', '100', '--time', '1']],
  [['-J', '--container=other', '--job-name=a b']],
  [['--comment', '--']],
  [['--export=ALL,X=1']],
  [['--export=PATH']],
  [['--immediate=30']],
  [['-I30', '--exclusive']],
  [['-K', '--kill-on-bad-exit']],
  [['-K1', '--no-kill']],
  [['-u', '--unbuf']],
  [['--chdir=/etc']],
  [['-D', '/etc', '--overcommit']],
  [['--mpi=none', '-O']],
  [['-p', 'batch', '-w', 'c1']],
  [['--partition=batch', '--nodelist=c2']],
  [['-xc1', '--exclude', 'c2']],
  [['-i', 'none', '--open-mode=append']],
  [['--input=none', '-W5']],
  [['--wait', '5', '-X']],
  [['--hint=nomultithread', '-m', 'cyclic']],
  [['--distribution=block', '--nice']],
  [['--nice=5', '--propagate']],
  [['--propagate=NONE', '--cpu-bind=none']],
  [['--signal=USR1@10', '--threads-per-core', '1']],
  [['-e', 'none', '-t', '1']],
  [['--error=none', '--time-min=1']],
  [['-l', '--mincpus=1', '--exclusive']],
  [['--container-mounts=/etc/slurm:/data:ro']],
  [['--container-mounts', '/etc/slurm', '--container-workdir=/etc/slurm']],
  [['--container-writable', '--container-mount-home']],
  [['--no-container-mount-home', '--container-env=HOME,NOT_SET']],
  [['--container-gpu=none', '--container-env', 'PATH']],
  [['--container-wo=/etc', '--container-wri', '--no-container']],
];

/** srun of 22.05 says so without a container, too: this cluster has no task plugin. */
const noBinding = 'srun: cluster configuration lacks support for cpu binding\n';

const refused: [words: string[], text: RegExp, env?: Record<string, string>][] = [
  [['srun', '--container=nope', 'touch', 'ran'], /ctmgr: there is no image nope/],
  [['srun', '--container=', 'touch', 'ran'], /ctmgr: .*name of an image/],
  [['srun', '--container=hello:2020-01-01.1', 'touch', 'ran'], /ctmgr: there is no image/],
  [['srun', '--conta=hello', 'touch', 'ran'], /ambiguous/],
  [['srun', '--container=../hello', 'touch', 'ran'], /ctmgr: .*not the name of an image/],
  [['srun', '--container=$(touch ran)', 'true'], /ctmgr: .*not the name of an image/],
  [['srun', 'touch', 'ran'], /no image nope/, { SRUN_CONTAINER: 'nope' }],
  [['srun', 'touch', 'ran', ':', '--container=hello', 'touch', 'ran'], /component/],
  [['srun', '--container=hello', 'touch', 'ran', ':', '--container=nope', 'touch', 'ran'], /no image nope/],
  [['srun', '--container=/bundle', 'touch', 'ran', ':', '--container=hello', 'touch', 'ran'], /component/],
  [['srun', '--container=hello', '--container-mounts=data', 'touch', 'ran'], /absolute paths/],
  [['srun', '--container=hello', '--container-env=A=3', 'touch', 'ran'], /names of variables/],
  [['srun', '--container=hello', '--container-gpu=cuda', 'touch', 'ran'], /nvidia, amd or none/],
  [['srun', '--container-writable', 'touch', 'ran'], /need --container=NAME/],
  [['sbatch', '--container=hello', ':', '--container=other', '--wrap', 'touch ran'], /all components|two different/],
  [['sbatch', '--container=nope', '--wrap', 'touch ran'], /no image nope/],
  [['sbatch', '--wrap', 'touch ran'], /no image nope/, { SBATCH_CONTAINER: 'nope' }],
  [['sbatch', '--container=hello', ':', '--container-writable', '--wrap', 'touch ran'], /--container-[.]{3} options/],
  [['srun', '--container=hello', '--multi-prog', 'two.conf', ':', 'two.conf'], /--multi-prog .* het/],
  [['salloc', '--container=nope', 'touch', 'ran'], /no image nope|use_interactive_step/],
];

describe.each(['wrapper', 'plugin'])('%s', (door) => {
  beforeAll(async () => {
    await (door === 'plugin' ? loadPlugin(site) : unloadPlugin());
  });

  it('runs the command in the image with all options of srun', async () => {
    const lines = options.map(([words], index): Line => {
      const place = index % 2 === 0 ? 0 : words.length;
      const container = index % 3 === 0 ? ['--container', 'hello'] : ['--container=hello'];
      return { words: ['srun', '-Q', ...words.slice(0, place), ...container, ...words.slice(place), ...probe] };
    });
    const ends = await runLines(lines, alice);
    const got = ends.map(({ code, stdout, stderr }, index) => [
      lines[index]?.words,
      { code, stdout: stdout.replaceAll(/^\d: /gm, ''), stderr: stderr.replace(noBinding, '') },
    ]);
    const wanted = options.map(([, tasks = 1], index) => [
      lines[index]?.words,
      { code: 0, stdout: 'hello:3:a b --container=x \n'.repeat(tasks), stderr: '' },
    ]);
    expect(got).toEqual(wanted);
  });

  it('does what the companion options and the settings of the site say', async () => {
    const home = 'test -e ~/.profile && echo home || echo none';
    const write = 'touch /etc/new 2>/dev/null && echo written || echo not';
    const wanted: [words: string[], text: string, printed: string][] = [
      [['--container=hello'], 'echo $SITE; test -e /slurm || echo none', 'centre\nnone'],
      [['--container=other'], 'echo $SITE; test -e /slurm/slurm.conf && echo bound', 'own\nbound'],
      [['--container=hello', `--container-mounts=${folder}:/data`], 'touch /data/rw && echo written', 'written'],
      [['--container=hello', `--container-mounts=${folder}:/data:ro`], 'touch /data/ro 2>&1 || echo not', 'not'],
      [['--container=hello', '--container-mounts=tmpfs:/data'], 'touch /data/x && ls /data', 'x'],
      [['--container=hello', '--container-workdir=/usr'], 'pwd', '/usr'],
      [['--container=hello', '--container-env=IMAGE'], 'echo $IMAGE', 'mine'],
      [['--container=hello'], 'echo $IMAGE', 'hello'],
      [['--container=hello'], home, 'home'],
      [['--container=hello', '--no-container-mount-home'], home, 'none'],
      [['--container=hello', '--container-writable'], write, 'written'],
      [['--container=hello'], write, 'not'],
    ];
    await output(['touch', '/home/alice/.profile']);
    const lines = wanted.map(([words, text]) => ({
      words: ['srun', '-Q', '-D', '/tmp', ...words, 'sh', '-c', text],
      env: { IMAGE: 'mine' },
    }));
    const ends = await runLines(lines, alice);
    expect(ends.map(({ stdout }, index) => [wanted[index]?.slice(0, 2), stdout.trimEnd()])).toEqual(
      wanted.map(([words, text, printed]) => [[words, text], expect.stringMatching(new RegExp(`${printed}$`))]),
    );
    const fallback = { CTMGR_CONTAINER_WORKDIR: '/usr', CTMGR_CONTAINER_WRITABLE: 'yes' };
    const [end] = await runLines(
      [{ words: ['srun', '-Q', '--container=hello', 'sh', '-c', `pwd; ${write}`], env: fallback }],
      alice,
    );
    expect(end).toEqual({ code: 0, stdout: '/usr\nwritten\n', stderr: '' });
  });

  it('lets a component have options of its own, and those of the one before it where it has none', async () => {
    const tell = ['sh', '-c', 'echo "$IMAGE $SITE $(pwd) $(ls -d /one /two 2>/dev/null)"'];
    const first = ['--container=hello', '--container-mounts=/etc/slurm:/one', '--container-workdir=/usr', ...tell];
    const second = ['--container=other', '--container-mounts=/etc/slurm:/two', '--container-env=IMAGE', ...tell];
    const third = ['--container-workdir=/etc', '--container-env=', ...tell];
    const [three, fallback] = await runLines(
      [
        { words: ['srun', '-Q', ...first, ':', ...second, ':', ...third], env: { IMAGE: 'mine' } },
        {
          words: ['srun', '-Q', '--container=hello', ...tell, ':', '--container-workdir=/etc', ...tell],
          env: { CTMGR_CONTAINER_WORKDIR: '/usr' },
        },
      ],
      alice,
    );
    const lines = (stdout = ''): string[] => stdout.split('\n').toSorted();
    expect(lines(three?.stdout)).toEqual(['', 'hello centre /usr /one', 'mine own /usr /two', 'other own /etc /two']);
    expect(lines(fallback?.stdout)).toEqual(['', 'hello centre /etc ', 'hello centre /usr ']);
  });

  it('refuses what cannot be right before anything runs', async () => {
    const lines = refused.map(([words, , env]) => ({ words: ['env', '-C', folder, ...words], env: env ?? {} }));
    const ends = await runLines(lines, alice);
    const wanted = refused.map(([words, text]) => [words, { stdout: '', stderr: expect.stringMatching(text) }]);
    expect(ends.map(({ stdout, stderr }, index) => [refused[index]?.[0], { stdout, stderr }])).toEqual(wanted);
    expect(ends.map(({ code }) => code)).not.toContain(0);
    expect(await output(['find', folder, '-name', 'ran'])).toBe('');
  });

  it('runs batch scripts on the host and their steps in the image', async () => {
    const script = (name: string, ...words: string[]): Line[] => [
      { words: ['sbatch', '-Q', '-o', `${folder}/${door}-${name}.out`, ...words] },
    ];
    const ends = await runLines(
      [
        ...script('line', `${folder}/named.sh`, 'x  y'),
        ...script('option', '--container=hello', `${folder}/plain.sh`),
        ...script('none', '--export=CTMGR_CONFIG', '--container=hello', `${folder}/plain.sh`),
        ...script('bare', `${folder}/bare.sh`),
        ...script('wrap', '--container', 'hello', '--wrap', 'srun -Q cat /etc/image'),
      ],
      alice,
    );
    expect(ends).toEqual(ends.map(() => ({ code: 0, stdout: '', stderr: '' })));
    await allJobsEnded();
    const printed = async (name: string): Promise<string> => output(['cat', `${folder}/${door}-${name}.out`]);
    expect(await printed('line')).toBe('script:host:x  y\nstep:hello\nother:other\nagain:hello:hello:64');
    expect(await printed('option')).toBe('script:host:\nstep:hello\nother:other\nagain:hello:hello:64');
    expect(await printed('none')).toBe('script:host:\nstep:hello\nother:other\nagain:hello:hello:64');
    expect(await printed('bare')).toBe('step:host');
    expect(await printed('wrap')).toBe('hello');
  });

  it('takes a script from standard input, het jobs, and leaves plain commands alone', async () => {
    const input = '#!/bin/sh\n#SBATCH --container hello\nsrun -Q cat /etc/image\n';
    const out = `${folder}/${door}-stdin.out`;
    expect(await exec(['sbatch', '-Q', '--wait', '-o', out], { ...alice, input })).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await output(['cat', out])).toBe('hello');
    const components = ['--container=hello', 'cat', '/etc/image', ':', '--container=other', 'cat', '/etc/image', ':'];
    const [three, het, plain, code] = await runLines(
      [
        { words: ['srun', '-Q', ...components, '--container=hello', ...probe] },
        { words: ['srun', '-Q', '--container=hello', 'cat', '/etc/image', ':', '--container=hello', ...probe] },
        { words: ['srun', '-Q', ...probe] },
        { words: ['srun', '-Q', '--container=hello', 'sh', '-c', 'exit 7'] },
      ],
      alice,
    );
    expect(three?.stdout.split('\n').toSorted()).toEqual(['', 'hello', 'hello:3:a b --container=x ', 'other']);
    expect(het?.stdout.split('\n').toSorted()).toEqual(['', 'hello', 'hello:3:a b --container=x ']);
    expect(plain).toEqual({ code: 0, stdout: 'host:3:a b --container=x \n', stderr: '' });
    expect(code).toMatchObject({ code: 7, stdout: '' });
    await allJobsEnded();
    expect(await output(['cat', out])).toBe('hello');
  });

  it('keeps the image of a job when its name comes to mean another one', async () => {
    const current = `${site.share}/current/hello.sif`;
    const target = await output(['readlink', current]);
    const text = `srun -Q cat /etc/image; touch ${folder}/${door}.first; while [ ! -e ${folder}/${door}.go ]; do sleep 0.1; done; srun -Q cat /etc/image`;
    const out = `${folder}/${door}-pinned.out`;
    expect(await exec(['sbatch', '-Q', '--container=hello', '-o', out, '--wrap', text], alice)).toMatchObject({
      code: 0,
    });
    await output(['sh', '-c', `until [ -e ${folder}/${door}.first ]; do sleep 0.1; done`]);
    const other = (await output(['readlink', `${site.share}/current/other.sif`])).trim();
    await output(['ln', '-sfn', other, current]);
    await output(['touch', `${folder}/${door}.go`]);
    await allJobsEnded();
    await output(['ln', '-sfn', target, current]);
    expect(await output(['cat', out])).toBe('hello\nhello');
  });

  it('starts several programs with --multi-prog', async () => {
    const end = await exec(['srun', '-Q', '-n2', '--multi-prog', '--container=hello', `${folder}/two.conf`], alice);
    const lines = end.stdout.split('\n').toSorted();
    expect({ ...end, stdout: lines }).toEqual({ code: 0, stdout: ['', 'hello', 'hello:0'], stderr: '' });
    // A word of the command is no option of srun.
    const word = await exec(['srun', '-Q', '--container=hello', 'sh', '-c', 'echo "$IMAGE:$0"', '--multi-prog'], alice);
    expect(word).toEqual({ code: 0, stdout: 'hello:--multi-prog\n', stderr: '' });
  });
});

describe('cli_filter.lua', () => {
  beforeAll(async () => {
    await unloadPlugin();
    await output(['cp', '/opt/ctmgr/spank/cli_filter.lua', '/etc/slurm/']);
    await output(['sh', '-c', 'echo CliFilterPlugins=lua >>/etc/slurm/slurm.conf']);
  });
  afterAll(async () => {
    await output(['sed', '-i', '/^CliFilterPlugins/d', '/etc/slurm/slurm.conf']);
    await output(['rm', '/etc/slurm/cli_filter.lua']);
  });

  it('refuses a name that the real tools would ignore', async () => {
    const ends = await runLines(
      [
        { words: ['/usr/bin/srun', '--container=hello', 'true'] },
        { words: ['/usr/bin/sbatch', `${folder}/named.sh`] },
        { words: ['/usr/bin/srun', 'true'], env: { SRUN_CONTAINER: 'hello' } },
        { words: ['salloc', '-Q', '--container=hello', '/usr/bin/srun', 'true'] },
      ],
      alice,
    );
    const stderr = expect.stringContaining("would run on the bare host: this is not ctmgr's");
    expect(ends).toEqual(ends.map(() => ({ code: 1, stdout: '', stderr })));
  });

  it('lets the wrapper, bundles and plain commands through', async () => {
    const ends = await runLines(
      [
        { words: ['srun', '-Q', '--container=hello', 'true'] },
        { words: ['/usr/bin/srun', '-Q', '--container=/bundle', 'true'] },
        { words: ['/usr/bin/srun', '-Q', 'true'] },
        { words: ['sbatch', '-Q', '--wait', '-o', '/dev/null', `${folder}/named.sh`] },
      ],
      alice,
    );
    expect(ends).toEqual(ends.map(() => ({ code: 0, stdout: '', stderr: '' })));
  });
});
