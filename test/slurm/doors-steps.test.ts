import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Ended, exec, output, type Place, until } from './support/cluster.ts';
import { buildPlugin, loadPlugin, runLines, unloadPlugin, useConfig } from './support/doors.ts';
import { componentLaunchers, launchers, makeImages, packMpi } from './support/mpi-program.ts';
import { makeSite, type Site } from './support/site.ts';

let site: Site;
let alice: Place;
let folder: string;
const home = '/home/alice/steps';

beforeAll(async () => {
  site = await makeSite();
  alice = { user: 'alice', env: site.env };
  folder = `${site.inputs}/alice`;
  const inputs = `${site.inputs}/mpi`;
  const images = output(['bash', '-c', packMpi, 'bash', inputs]).then(() =>
    output(['bash', '-c', makeImages, 'bash', site.share, inputs]),
  );
  await Promise.all([buildPlugin(), images]);
  await output(['install', '-d', '-o', 'alice', folder, home]);
  // An ELF header of a program for aarch64, and a script whose interpreter is nowhere.
  await output([
    'sh',
    '-c',
    `printf '\\177ELF\\2\\1\\1%09d\\2\\0\\267\\0%044d' 0 0 >${home}/arm; chmod 755 ${home}/arm`,
  ]);
  await site.write(`${home}/script`, '#!/no/such\n', '755');
});

afterAll(async () => {
  await unloadPlugin();
  await output(['rm', '-rf', home]);
  await site.remove();
});

const terminal = (steps: string[], command: string[]): Promise<Ended> =>
  exec(['perl', '/opt/ctmgr/test/slurm/support/terminal.pl', ...steps, '--', ...command], alice);

const sorted = ({ code, stdout, stderr }: Ended) => ({ code, lines: stdout.trimEnd().split('\n').toSorted(), stderr });

/** Open MPI 4 warns about what it does in containers of users. */
const quiet = { OMPI_MCA_btl_vader_single_copy_mechanism: 'none' };

describe.each(['wrapper', 'plugin'])('%s', (door) => {
  let requeued: string;

  beforeAll(async () => {
    await (door === 'plugin' ? loadPlugin(site) : unloadPlugin());
    // Slurm holds a requeued job back for some seconds: it is looked at last.
    const script = `srun -Q cat /etc/image; touch ${folder}/${door}.ran; [ "\${SLURM_RESTART_COUNT:-0}" -gt 0 ] || sleep 60`;
    const submitted = ['sbatch', '--parsable', '--requeue', '--open-mode=append', '-o', `${folder}/${door}.out`];
    requeued = await output([...submitted, '-w', 'c4', '--container=hello', '--wrap', script], alice);
    await output(['sh', '-c', `until [ -e ${folder}/${door}.ran ]; do sleep 0.1; done`]);
    await output(['scontrol', 'requeue', requeued], alice);
    await output(['ln', '-sfn', '../builds/2020-01-01.2/hello.sif', `${site.share}/current/hello.sif`]);
  });

  it.each(launchers)('starts a parallel program on two nodes by %s', async (mpi, program) => {
    const ends = await runLines(
      [
        { words: ['srun', '-Q', '-N2', '-n4', '-w', 'c1,c2', `--mpi=${mpi}`, '--container=mpi', program], env: quiet },
        { words: ['/usr/bin/srun', '-Q', '-n1', `--mpi=${mpi}`, 'sh', '-c', '[ ! -e "$0" ]', program] },
      ],
      alice,
    );
    const lines = [0, 1, 2, 3].map((rank) => `${rank} of 4 sum 6`);
    expect(ends.map(sorted)).toEqual([
      { code: 0, lines, stderr: '' },
      { code: 0, lines: [''], stderr: '' },
    ]);
  });

  it.each(componentLaunchers)(
    'starts components, each in the image that it names, as one program by %s',
    async (mpi, program) => {
      const srun = ['srun', '-Q', `--mpi=${mpi}`];
      const ends = await runLines(
        [
          {
            words: [...srun, '-n2', '--container=mpi', program, ':', '--container=hello:2020-01-01.2', program],
            env: quiet,
          },
          { words: [...srun, '--container=mpi', program, ':', program, ':', program], env: quiet },
        ],
        alice,
      );
      const lines = [0, 1, 2].map((rank) => `${rank} of 3 sum 3`);
      expect(ends.map(sorted)).toEqual(ends.map(() => ({ code: 0, lines, stderr: '' })));
    },
  );

  it.each(launchers)('lets a program that %s starts see the folders that its job speaks of', async (mpi) => {
    const look = 'cd "${PMIX_SERVER_TMPDIR:-/}" && cd "$TMPDIR" && ls';
    const [end] = await runLines(
      [{ words: ['srun', '-Q', `--mpi=${mpi}`, '--container=mpi', 'sh', '-c', look], env: { TMPDIR: '/scratch' } }],
      alice,
    );
    expect(end).toMatchObject({ code: 0, stderr: '' });
  });

  it('brings the GPU along for jobs that have one', async () => {
    const config = `${await output(['cat', `${site.inputs}/config.toml`])}\n[apptainer]\npath = "${site.inputs}/words"\n`;
    await site.write(
      `${site.inputs}/words`,
      '#!/bin/sh\n[ -z "$TOLD" ] || exec echo "$*"\nexec apptainer "$@"\n',
      '755',
    );
    await site.write(`${site.inputs}/words.toml`, config);
    if (door === 'plugin') await useConfig(config);
    const words = ['srun', '-Q', '--container=hello', 'true'];
    const env = { CTMGR_CONFIG: `${site.inputs}/words.toml`, TOLD: 'yes' };
    await output(['touch', '/dev/nvidiactl']);
    const ends = await runLines(
      [
        { words, env: { ...env, SLURM_JOB_GPUS: '0' } },
        { words, env },
        { words: ['srun', '-Q', '--container-gpu=none', ...words.slice(2)], env: { ...env, SLURM_JOB_GPUS: '0' } },
        { words: ['srun', '-Q', '--container-gpu=amd', ...words.slice(2)], env },
      ],
      alice,
    );
    await output(['rm', '/dev/nvidiactl']);
    if (door === 'plugin') await loadPlugin(site);
    expect(ends.map(({ stdout }) => /--(nv|rocm) /.exec(stdout)?.[1])).toEqual(['nv', undefined, undefined, 'rocm']);
  });

  it('brings neither PATH nor libraries of the host into the container', async () => {
    const words = ['srun', '-Q', '--container=hello', 'sh', '-c', 'echo "$PATH|$LD_LIBRARY_PATH|$OWN"'];
    const env = { PATH: '/usr/local/bin:/leak:/usr/bin:/bin', LD_LIBRARY_PATH: '/leak', OWN: 'mine' };
    const [end] = await runLines([{ words, env }], alice);
    expect(end).toEqual({ code: 0, stdout: expect.stringMatching(/^[^|]+[|][^|]*[|]mine\n$/), stderr: '' });
    expect(end?.stdout).not.toContain('/leak');
  });

  it('leaves to slurmstepd what it does for a task: TaskProlog, TMPDIR, limits', async () => {
    await site.write(`${site.inputs}/prolog`, '#!/bin/sh\necho export FROM_PROLOG=yes\n', '755');
    const text =
      'ulimit -Sn 77; exec srun -Q --propagate=NOFILE --task-prolog="$1" --container=hello sh -c \'echo $FROM_PROLOG $TMPDIR $(ulimit -n)\'';
    const end = await exec(['bash', '-c', text, 'sh', `${site.inputs}/prolog`], alice);
    expect(end).toEqual({ code: 0, stdout: 'yes /tmp 77\n', stderr: '' });
  });

  it('says that a command which does not start was inside the image', async () => {
    const starts = ['no-such', '/etc/passwd', `${home}/arm`, `${home}/script`];
    const ends = await runLines(
      starts.map((word) => ({ words: ['srun', '-Q', '--container=hello', word] })),
      alice,
    );
    // srun's own line about the exit code may come before it.
    const said = (stderr: string) => stderr.split('\n').find((line) => line.startsWith('ctmgr: '));
    expect(ends.map(({ code, stderr }) => [code, said(stderr)])).toEqual([
      [127, 'ctmgr: inside hello: no-such: command not found'],
      [126, 'ctmgr: inside hello: /etc/passwd: Permission denied'],
      [126, expect.stringMatching(/^ctmgr: inside hello: .*arm: made for aarch64, this node is /)],
      [126, `ctmgr: inside hello: ${home}/script: its interpreter is not there: /no/such`],
    ]);
  });

  it('gives a working terminal: size, Ctrl-C, exit code', async () => {
    const program =
      'trap "stty size" WINCH; trap "echo caught; exit 5" INT; [ -t 0 ] && [ -t 1 ] && stty size; echo ready; while :; do sleep 0.1; done';
    const end = await terminal(
      ['wait=ready', 'size=33,101', 'wait=33 101', 'send=\u0003'],
      ['srun', '-Q', '--pty', '--container=mpi', 'sh', '-c', program],
    );
    // srun's own line about the exit code may come before it.
    expect(end.stdout.replaceAll('\r', '')).toMatch(/^24 80\nready\n33 101\n\^C(srun: error: .*\n)?caught\n/);
    expect(end.code).toBe(5);
  });

  it('salloc gives a shell in the image', async () => {
    const words = ['salloc', '-Q', '--container=mpi'];
    // What Slurm itself asks for, for its own --container.
    const refused = door === 'plugin' ? [await exec(words, alice)] : [];
    if (door === 'plugin')
      await output(['sh', '-c', 'echo LaunchParameters=use_interactive_step >>/etc/slurm/slurm.conf']);
    const end = await terminal(['wait=Apptainer>', 'send=echo $IMAGE$((1+1)); exit 3\r'], words);
    await output(['sed', '-i', '/^LaunchParameters/d', '/etc/slurm/slurm.conf']);
    expect(refused).toEqual(
      refused.map(() => ({ code: 1, stdout: '', stderr: expect.stringContaining('use_interactive_step') })),
    );
    expect(end.stdout).toContain('\nmpi2\r');
    expect(end.code).toBe(3);
  });

  it('a requeued job sees the image that its name meant at submission', async () => {
    const state = (): Promise<string> => output(['squeue', '-h', '-j', requeued, '-t', 'all', '-o', '%T']);
    await until('the requeued job', state, (text) => text === 'COMPLETED');
    const printed = await output(['cat', `${folder}/${door}.out`]);
    expect(printed.replace(/^.* DUE TO JOB REQUEUE .*\n/m, '')).toBe('hello\nhello');
    expect(await exec(['srun', '-Q', '--container=hello', 'cat', '/etc/image'], alice)).toMatchObject({
      stdout: 'mpi\n',
    });
    await output(['ln', '-sfn', '../builds/2020-01-01.1/hello.sif', `${site.share}/current/hello.sif`]);
  });
});
