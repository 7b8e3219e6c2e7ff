import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { formatCatalogue } from '../../lib/builds/catalogue-format.ts';

const wrapper = join(import.meta.dirname, '../../spank/srun');
const hash = 'a'.repeat(64);
let folder = '';
let share = '';
let hello = '';

/** A share with two builds of hello, and in PATH a real srun that prints its arguments, each ended by NUL. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-srun-'));
  share = join(folder, 'share dir');
  hello = join(share, 'builds/2026-11-22.2/hello.sif');
  for (const name of ['builds/2026-11-22.1', 'builds/2026-11-22.2', 'current'])
    mkdirSync(join(share, name), { recursive: true });
  for (const tag of ['2026-11-22.1', '2026-11-22.2']) writeFileSync(join(share, `builds/${tag}/hello.sif`), tag);
  writeFileSync(join(folder, 'outside.sif'), '');
  const link = (name: string, target: string): void => symlinkSync(target, join(share, `current/${name}.sif`));
  link('hello', '../builds/2026-11-22.2/hello.sif');
  link('gone', '../builds/2026-11-22.2/gone.sif');
  link('outside', '../../outside.sif');
  link('folder', '../builds/2026-11-22.2');
  writeFileSync(join(share, 'current/nolink.sif'), '');
  const image = (tag: string, sha256: string, current: boolean) => ({
    name: 'hello',
    tag,
    sha256,
    file: join(share, `builds/${tag}/hello.sif`),
    status: 'success' as const,
    current,
    version: 1,
    base: 'b',
    overlays: [],
    size: 1,
    failure_kind: null,
    message: null,
    reason: null,
    node: null,
    job: null,
    class: null,
    attempt: 1,
    attempts: [],
    started: null,
    ended: null,
    changed: 0,
    group: null,
    pinned: false,
    removed: null,
  });
  const images = [image('2026-11-22.1', hash, false), image('2026-11-22.2', 'b'.repeat(64), true)];
  writeFileSync(
    join(share, 'catalog.json'),
    formatCatalogue({ schema: 1, generated: 0, images, recipes: [], tags: [] }),
  );
  writeFileSync(
    join(folder, 'config.toml'),
    `[paths]\nshare = "${share}" # here\n[apptainer]\npath = '/opt/a/apptainer'\n`,
  );
  mkdirSync(join(folder, 'bin'));
  const real = join(folder, 'bin/srun');
  writeFileSync(
    real,
    '#!/bin/sh\nprintf "%s\\0" "$@" "container=${CTMGR_CONTAINER-}" "image=${CTMGR_IMAGE-}" "srun=${SRUN_CONTAINER-}"\nexit ${STATUS:-0}\n',
  );
  chmodSync(real, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true }));

function srun(words: string[], env: Record<string, string> = {}): SpawnSyncReturns<string> {
  const path = `${join(wrapper, '..')}:${folder}/bin:/usr/bin:/bin`;
  return spawnSync('/usr/bin/dash', [wrapper, ...words], {
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: path, CTMGR_CONFIG: join(folder, 'config.toml'), ...env },
  });
}

/** What the real srun got; the last three say what the job's environment tells. */
function received(result: SpawnSyncReturns<string>): string[] {
  return result.stdout.split('\0').slice(0, -1);
}

const start = join(wrapper, '../start-in-image');
const inside = (): string[] => ['--', start, 'hello', 'auto', '1', '/opt/a/apptainer', hello];
const told = (reference: string): string[] => [`container=${reference}`, `image=${hello}`, 'srun='];
const untold = ['container=', 'image=', 'srun='];

describe('with --container=NAME the command runs in the image', () => {
  const cases: [words: string[], options: string[], command: string[]][] = [
    [['--container=hello', 'true'], [], ['true']],
    [['--container', 'hello', 'true'], [], ['true']],
    [['--container=hello', '--', 'true'], [], ['true']],
    [['--container=hello', '--', '--weird'], [], ['--weird']],
    [['--container=hello', '--container=hello', 'true'], [], ['true']],
    [['--container=nope', '--container=hello', 'true'], [], ['true']],
    [['--container=/x', '--container=hello', 'true'], [], ['true']],
    [['-n4', '--container=hello', 'a', 'b c', ''], ['-n4'], ['a', 'b c', '']],
    [['-n', '4', '--container=hello', 'a'], ['-n', '4'], ['a']],
    [['-lN2', '--container=hello', 'a'], ['-lN2'], ['a']],
    [['-lN', '2', '--container=hello', 'a'], ['-lN', '2'], ['a']],
    [['--container=hello', '-K', 'a'], ['-K'], ['a']],
    [['-K1', '--container=hello', 'a'], ['-K1'], ['a']],
    [['--immediate', '--container=hello', 'a'], ['--immediate'], ['a']],
    [['--immediate=5', '--container=hello', 'a'], ['--immediate=5'], ['a']],
    [['--exclusive', '--container=hello', 'a'], ['--exclusive'], ['a']],
    [['--pty', '--container=hello', 'sh'], ['--pty'], ['sh']],
    [['--mem', '1G', '--container=hello', 'a'], ['--mem', '1G'], ['a']],
    [['--mem=1G', '--container=hello', 'a'], ['--mem=1G'], ['a']],
    [['--ntasks-per-n', '2', '--container=hello', 'a'], ['--ntasks-per-n', '2'], ['a']],
    [['--unbuf', '--container=hello', 'a'], ['--unbuf'], ['a']],
    [['--job-name=a b', '--container=hello', 'a'], ['--job-name=a b'], ['a']],
    [['-J', '--container=other', '--container=hello', 'a'], ['-J', '--container=other'], ['a']],
    [['--comment', '--', '--container=hello', 'a'], ['--comment', '--'], ['a']],
    [['--exclude=$(touch x)', '--container=hello', 'a'], ['--exclude=$(touch x)'], ['a']],
    [['--container=hello', 'sh', '-c', 'echo "$HOME"; exit 3'], [], ['sh', '-c', 'echo "$HOME"; exit 3']],
    [['--container=hello', 'a', '--container=other'], [], ['a', '--container=other']],
    [['--container=hello', 'a', '-n', '2', '--', 'x'], [], ['a', '-n', '2', '--', 'x']],
    [['--container=hello', '-'], [], ['-']],
    [
      ['--container=hello', 'a', 'line\nbreak', 'qu\'o"te', 'ü✓', '*', '~'],
      [],
      ['a', 'line\nbreak', 'qu\'o"te', 'ü✓', '*', '~'],
    ],
    [['--container=hello', 'a', 'x'.repeat(5000)], [], ['a', 'x'.repeat(5000)]],
    [['--container=hello', 'a', '\\', '%s', '-e', '-n'], [], ['a', '\\', '%s', '-e', '-n']],
    [['--container-id=c', '--container=hello', 'a'], ['--container-id=c'], ['a']],
    [['--uid=alice', '--container=hello', 'a'], ['--uid=alice'], ['a']],
    [['--kill-on-bad-exit', '--container=hello', 'a'], ['--kill-on-bad-exit'], ['a']],
    [['--x11', '--container=hello', 'a'], ['--x11'], ['a']],
    [['--pt', '--container=hello', 'sh'], ['--pt'], ['sh']],
  ];
  test.each(cases)('%j', (words, options, command) => {
    const result = srun(words);
    expect(result.stderr).toBe('');
    expect(received(result)).toEqual([...options, ...inside(), ...command, ...told('hello')]);
  });

  test('NAME:TAG and NAME@sha256:HEX mean an exact build', () => {
    const first = join(share, 'builds/2026-11-22.1/hello.sif');
    for (const reference of ['hello:2026-11-22.1', `hello@sha256:${hash}`]) {
      const result = srun([`--container=${reference}`, 'a']);
      expect(result.stderr).toBe('');
      expect(received(result)).toEqual([
        '--',
        start,
        reference,
        'auto',
        '1',
        '/opt/a/apptainer',
        first,
        'a',
        `container=${reference}`,
        `image=${first}`,
        'srun=',
      ]);
    }
  });

  test('a component of a step that names the image of its job gets the file that the job has', () => {
    const first = join(share, 'builds/2026-11-22.1/hello.sif');
    const words = ['--container=hello:2026-11-22.2', 'a', ':', '--container=hello', 'b'];
    const result = srun(words, { SLURM_JOB_ID: '1', SLURM_CTMGR_PIN: `hello - ${first}` });
    expect(received(result).filter((word) => word.endsWith('.sif') && !word.includes('='))).toEqual([hello, first]);
  });

  test('SRUN_CONTAINER counts, the command line wins, and Slurm does not see it', () => {
    expect(received(srun(['a'], { SRUN_CONTAINER: 'hello' }))).toEqual([...inside(), 'a', ...told('hello')]);
    expect(received(srun(['--container=hello', 'a'], { SRUN_CONTAINER: 'nope' }))).toEqual([
      ...inside(),
      'a',
      ...told('hello'),
    ]);
  });

  test('the exit code is the real one', () => {
    expect(srun(['--container=hello', 'a'], { STATUS: '42' }).status).toBe(42);
  });

  test('variables of the caller reach the job as they were, also those that are none of a shell', () => {
    // A shell in this place would lose such variables itself.
    const print = join(folder, 'print/srun');
    mkdirSync(join(folder, 'print'));
    writeFileSync(
      print,
      `#!${process.execPath}\nprocess.stdout.write(JSON.stringify([process.argv.slice(2), process.env]));\n`,
    );
    chmodSync(print, 0o755);
    const env = {
      name: 'n',
      word: 'w',
      i: '1',
      LC_ALL: 'C.UTF-8',
      value: 'v',
      lines: 'a\n\nb\n',
      'dotted.name': '=x',
      'BASH_FUNC_module%%': '() {  echo "$1";\n\n echo two\n}',
      'BASH_FUNC_ml%%': '() {  module "$@"\n}\n',
      PATH: `${folder}/print:/usr/bin:/bin`,
    };
    for (const [words, ending] of [
      [['-n1', 'a b'], ['a b']],
      [
        ['-n1', '--container=hello', 'a b'],
        [...inside(), 'a b'],
      ],
    ] as const) {
      const [got, environment] = JSON.parse(srun([...words], env).stdout) as [string[], Record<string, string>];
      expect(got).toEqual(['-n1', ...ending]);
      expect(environment).toMatchObject(env);
      expect(Object.keys(environment).filter((name) => name.startsWith('ctmgr_'))).toEqual([]);
    }
  });
});

describe('everything else passes through byte for byte', () => {
  const cases: string[][] = [
    [],
    ['hostname'],
    ['-n4', 'a', 'b c', '', '*'],
    ['--frobnicate', 'a'],
    ['--', '--container=x'],
    ['podman', 'run', '--container=x'],
    ['-n', '2', 'podman', '--container', 'x'],
    ['--container=/bundle', 'a'],
    ['--container', './bundle', 'a'],
    ['--container=/a', '--container=/b', 'a'],
    ['--container=hello', '--container=/b', 'a'],
    ['--container-id=x', 'a'],
    ['--container-image=x', 'a'],
    ['a', ':', 'b'],
    ['-n', '2', '--multi-prog', 'f'],
    ['--job-name=--container=hello', 'a'],
    ['-J', '--container=hello', 'a'],
    ['--version'],
  ];
  test.each(cases.map((words) => [words]))('%j', (words) => {
    const result = srun(words, { SLURM_CONTAINER: 'hello' });
    expect(result.stderr).toBe('');
    expect(received(result)).toEqual([...words, ...untold]);
  });

  test('a line without a command while SRUN_CONTAINER is set: Slurm runs nothing for it', () => {
    for (const words of [['--version'], ['--mpi=list'], []])
      expect(received(srun(words, { SRUN_CONTAINER: 'hello' }))).toEqual([
        ...words,
        'container=',
        'image=',
        'srun=hello',
      ]);
  });

  test('also when config.toml cannot be read, and a bundle from the environment', () => {
    expect(received(srun(['a'], { CTMGR_CONFIG: folder }))).toEqual(['a', ...untold]);
    expect(received(srun(['a'], { SRUN_CONTAINER: '/b' }))).toEqual(['a', 'container=', 'image=', 'srun=/b']);
  });
});

describe('private images', () => {
  const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
  const secret = (): string => join(share, `private/${group}/builds/2026-11-22.1/secret.sif`);
  const pinned = (result: SpawnSyncReturns<string>): string | undefined => received(result)[6];

  beforeAll(() => {
    for (const owner of [group, 'strangers']) {
      const place = join(share, 'private', owner);
      for (const name of ['builds/2026-11-22.1', 'current']) mkdirSync(join(place, name), { recursive: true });
      const name = owner === group ? 'secret' : 'foreign';
      writeFileSync(join(place, `builds/2026-11-22.1/${name}.sif`), '');
      symlinkSync(`../builds/2026-11-22.1/${name}.sif`, join(place, `current/${name}.sif`));
    }
  });

  test('of the own groups are found by name and by tag', () => {
    for (const reference of ['secret', 'secret:2026-11-22.1']) {
      expect(pinned(srun([`--container=${reference}`, 'a']))).toBe(secret());
    }
  });

  test('of other groups do not exist, by whatever name', () => {
    for (const reference of ['foreign', 'foreign:2026-11-22.1', `foreign@sha256:${hash}`]) {
      const result = srun([`--container=${reference}`, 'a']);
      const unknown = srun([`--container=${reference.replace('foreign', 'unknown')}`, 'a']);
      expect([result.status, result.stdout]).toEqual([66, '']);
      expect(result.stderr.replaceAll('foreign', 'unknown')).toBe(unknown.stderr);
    }
  });

  test('that link out of their own folder are refused', () => {
    symlinkSync('../../strangers/builds/2026-11-22.1/foreign.sif', join(share, `private/${group}/current/sly.sif`));
    expect(srun(['--container=sly', 'a'])).toMatchObject({
      status: 69,
      stderr: expect.stringMatching(/points out of/),
    });
  });

  test('public ones that the catalogue does not list any more are found by their tag', () => {
    const old = join(share, 'builds/2026-11-22.1/old.sif');
    writeFileSync(old, '');
    expect(pinned(srun(['--container=old:2026-11-22.1', 'a']))).toBe(old);
  });
});

test('a switch of the environment is yes or no', () => {
  const words = (value: string): string[] =>
    received(srun(['--container=hello', 'a'], { CTMGR_CONTAINER_WRITABLE: value })).slice(4, 6);
  expect(words('1')).toEqual(['2', '/opt/a/apptainer']);
  expect(words('yes')).toEqual(['2', '/opt/a/apptainer']);
  expect(words('no')).toEqual(['1', '/opt/a/apptainer']);
  const result = srun(['--container=hello', 'a'], { CTMGR_CONTAINER_MOUNT_HOME: 'maybe' });
  expect(result).toMatchObject({ status: 64, stdout: '' });
});

test('a GPU that a user asks for and the node does not have is named once', () => {
  writeFileSync(join(folder, 'apptainer'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
  const task = (maker: string, more: Record<string, string> = {}) =>
    spawnSync('/usr/bin/dash', [start, 'hello', maker, '1', join(folder, 'apptainer'), hello, 'a'], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', SLURMD_NODENAME: 'n7', SLURM_CTMGR_GPU: maker, ...more },
    });
  expect(task('amd')).toMatchObject({
    stdout: expect.stringMatching(/^--quiet exec --rocm /),
    stderr: 'ctmgr: node n7 has no GPU of AMD: there is no /dev/kfd\n',
  });
  expect(task('nvidia', { SLURM_LOCALID: '1' })).toMatchObject({
    stdout: expect.stringMatching(/^--quiet exec --nv /),
    stderr: '',
  });
  expect(task('none')).toMatchObject({ stdout: expect.stringMatching(/^--quiet exec \//), stderr: '' });
});

describe('what cannot be right fails before anything is launched', () => {
  const cases: [words: string[], status: number, text: RegExp][] = [
    [['--container=nope', 'a'], 66, /there is no image nope, or it is not available to you\nTry: ctmgr list/],
    [['--container=hello:2026-11-22.9', 'a'], 66, /there is no image hello:2026-11-22.9/],
    [[`--container=hello@sha256:${'c'.repeat(64)}`, 'a'], 66, /there is no image/],
    [['--container=h.llo:2026-11-22.1', 'a'], 66, /there is no image/],
    [['--container=', 'a'], 64, /not the name of an image/],
    [['--container', '', 'a'], 64, /not the name of an image/],
    [['--container'], 64, /needs the name/],
    [['--container=hello'], 64, /no command given/],
    [['--container=hello', '--'], 64, /no command given/],
    [['--container=hello', 'a', ':', '--container=/x', 'b'], 64, /two different values/],
    [['--conta=hello', 'a'], 64, /--conta is ambiguous, .* --container --container-id .*\nTry: write it in full/],
    [['--containe', 'hello', 'a'], 64, /is ambiguous/],
    [['--container=hello', '--container-w=/etc', 'a'], 64, /any of --container-workdir --container-writable/],
    [['--container=hello', '--container-writable=yes', 'a'], 64, /takes no value/],
    [['--frobnicate', '--container=hello', 'a'], 64, /--frobnicate is not known/],
    [['-j', '--container=hello', 'a'], 64, /-j is not known/],
    [['--no', '--container=hello', 'a'], 64, /--no is not known/],
    [['a', ':', '--container=hello', 'b'], 64, /heterogeneous/],
    [['--container=hello', ':', 'b'], 64, /a component without a command/],
    [['--container=hello', '-n1', '--', ':', 'b'], 64, /a component without a command/],
    [['--container=hello', 'a', ':', '--container=nope', 'b'], 66, /there is no image nope/],
    [['--container=hello', 'a', ':', '--container=a;b', 'b'], 64, /not the name/],
    [['--container=hello', 'a', ':', '--container=hello', '--container=nope', 'b'], 66, /there is no image nope/],
    [['--container=hello', '--container=nope', 'a'], 66, /there is no image nope/],
    [['--multi-prog', '--container=hello', 'f'], 66, /cannot read f/],
    [['--container-writable', 'a'], 64, /need --container=NAME/],
    [['--container=hello', '--container-mounts=etc', 'a'], 64, /absolute paths/],
    [['--container=hello', '--container-mounts=/etc:/etc:xx', 'a'], 64, /a flag/],
    [['--container=hello', '--container-gpu=some', 'a'], 64, /nvidia, amd or none/],
    [['--container=hello', 'a', ':', '--container-mounts=etc', 'b'], 64, /absolute paths/],
    [['--container=hello', 'a', ':', '--container-gpu=', 'b'], 64, /nvidia, amd or none/],
    [['--container=hello', '--container-mounts=/etc,', 'a'], 64, /absolute paths/],
    [['--container=hello', '--container-workdir'], 64, /--container-workdir requires a value/],
    [['--multi-prog', '--container=hello', 'f', ':', 'g'], 64, /--multi-prog in a heterogeneous step/],
    [['--a\n\u001b[31mb', '--container=hello', 'a'], 64, /^srun: ctmgr: srun's option in this command line/],
    [[`--${'a'.repeat(5000)}`, '--container=hello', 'a'], 64, /^.{0,200}\n.{0,200}\n$/],
    [['--bcast=/tmp/x', '--container=hello', 'a'], 64, /--bcast copies what starts the container/],
    [['--bca', '--container=hello', 'a'], 64, /--bca is not known/],
    [['--container=gone', 'a'], 69, /is not there/],
    [['--container=outside', 'a'], 69, /points out of/],
    [['--container=folder', 'a'], 69, /is no file/],
    [['--container=nolink', 'a'], 66, /there is no image/],
    [['--container=x.sif/', 'a'], 64, /not the name/],
    [['--container=my.sif', 'a'], 66, /there is no image/],
    [['--container=My.sif', 'a'], 64, /image file of your own/],
    ...[
      '../hello',
      'hello/../x',
      '$(touch x)',
      'a;b',
      'a b',
      "a'b",
      'a"b',
      'a\nb',
      '-n',
      '.a',
      'a.',
      'ü',
      'A',
      'x'.repeat(65),
      'x'.repeat(5000),
      '*',
      'hello:',
      'hello:x',
      'hello:2026-11-22.1/../x',
      'hello@x',
      'hello@sha256:12',
      `hello@sha256:${'A'.repeat(64)}`,
    ].map((name): [string[], number, RegExp] => [[`--container=${name}`, 'a'], 64, /^srun: ctmgr: /]),
  ];
  test.each(cases)('%j', (words, status, text) => {
    const result = srun(words);
    expect(result.stderr).toMatch(text);
    expect(result.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
    expect(result.status).toBe(status);
    expect(result.stdout).toBe('');
    expect(readdirSync(folder)).not.toContain('x');
  });

  test('options of a batch job that its steps would refuse', () => {
    const link = join(folder, 'sbatch');
    symlinkSync(wrapper, link);
    const real = join(folder, 'bin/sbatch');
    writeFileSync(real, '#!/bin/sh\necho submitted\n');
    chmodSync(real, 0o755);
    const env = { PATH: `${folder}/bin:/usr/bin:/bin`, CTMGR_CONFIG: join(folder, 'config.toml') };
    const sbatch = (...words: string[]) =>
      spawnSync('/usr/bin/dash', [link, '--container=hello', ...words, '--wrap=true'], { encoding: 'utf8', env });
    expect(sbatch('--container-mounts=/etc')).toMatchObject({ status: 0, stdout: 'submitted\n' });
    for (const option of ['--container-mounts=foo', '--container-env=A-B', '--container-gpu=some'])
      expect(sbatch(option)).toMatchObject({ status: 64, stdout: '' });
    const script = join(folder, 'job.sh');
    for (const line of ['--container=hello --container-gpu=some', '--container-writable']) {
      writeFileSync(script, `#!/bin/sh\n#SBATCH ${line}\n`);
      expect(spawnSync('/usr/bin/dash', [link, script], { encoding: 'utf8', env })).toMatchObject({
        status: 64,
        stdout: '',
      });
    }
  });

  test('values in the environment with which the command would run on the bare host', () => {
    expect(srun(['a'], { SRUN_CONTAINER: '' })).toMatchObject({ status: 64, stdout: '' });
    expect(srun(['a'], { SRUN_CONTAINER_HET_GROUP_0: 'hello' })).toMatchObject({ status: 64, stdout: '' });
    expect(srun(['a'], { SRUN_CONTAINER_PACK_GROUP_0: 'hello' })).toMatchObject({ status: 64, stdout: '' });
    expect(srun(['--container=hello', 'a'], { SLURM_BCAST: '/tmp/x' })).toMatchObject({ status: 64, stdout: '' });
    expect(srun(['--container=hello', 'a'], { SLURM_SRUN_MULTI: '1' })).toMatchObject({ status: 66, stdout: '' });
  });

  test('a share that is not mounted, a missing catalogue, an unreadable form of the configuration', () => {
    const config = (text: string): Record<string, string> => {
      writeFileSync(join(folder, 'other.toml'), text);
      return { CTMGR_CONFIG: join(folder, 'other.toml') };
    };
    const words = ['--container=hello', 'a'];
    expect(srun(words, config(`paths.share = "${share}"\n`))).toMatchObject({ status: 78, stdout: '' });
    expect(srun(words, config(`[paths]\nshare = """${share}"""\n`))).toMatchObject({ status: 78, stdout: '' });
    expect(srun(words, config('[paths]\nshare = "relative"\n'))).toMatchObject({ status: 78, stdout: '' });
    for (const text of [
      `["paths"]\nshare = "${share}"\n`,
      `"paths".share = "${share}"\n`,
      `[paths]\n"sh\\u0061re" = "${share}"\n`,
      `[a]\nx = """\n[paths]\nshare = "/other"\n"""\n[paths]\nshare = "${share}"\n`,
    ])
      expect(srun(words, config(text))).toMatchObject({ status: 78, stdout: '' });
    expect(srun(words, config(`\ufeff[paths] # x ] y\r\nshare = '${share}'\r\n`)).status).toBe(0);
    expect(srun(words, config('[paths]\nshare = "/nonexistent"\n'))).toMatchObject({ status: 69, stdout: '' });
    mkdirSync(join(folder, 'empty/current'), { recursive: true });
    expect(srun(['--container=hello:2026-11-22.1', 'a'], config(`[paths]\nshare = "${folder}/empty"\n`))).toMatchObject(
      {
        status: 69,
        stdout: '',
      },
    );
  });

  test('a wrapper of the site that comes before this one and calls it is not called back', () => {
    mkdirSync(join(folder, 'site'));
    const site = join(folder, 'site/srun');
    writeFileSync(site, `#!/bin/sh\n[ -z "$CALLED" ] || exit 9\nCALLED=1 exec ${wrapper} "$@"\n`);
    chmodSync(site, 0o755);
    const path = `${folder}/site:${join(wrapper, '..')}:${folder}/bin:/usr/bin:/bin`;
    const result = spawnSync(site, ['a'], { encoding: 'utf8', env: { PATH: path } });
    expect(received(result)).toEqual(['a', ...untold]);
  });

  test('slurm.bin_dir is where the real srun is if PATH has none', () => {
    const config = join(folder, 'bin-dir.toml');
    writeFileSync(config, `[slurm]\nbin_dir = "${folder}/bin"\n`);
    expect(received(srun(['a'], { PATH: '/usr/bin:/bin', CTMGR_CONFIG: config }))).toEqual(['a', ...untold]);
  });

  test('a copy without the files beside it passes everything else through and says what is missing', () => {
    const alone = join(folder, 'alone');
    mkdirSync(alone);
    spawnSync('cp', [wrapper, alone]);
    const env = { PATH: `${folder}/bin:/usr/bin:/bin`, CTMGR_CONFIG: join(folder, 'config.toml') };
    const copy = (...words: string[]): SpawnSyncReturns<string> =>
      spawnSync('/usr/bin/dash', [join(alone, 'srun'), ...words], { encoding: 'utf8', env });
    expect(received(copy('a'))).toEqual(['a', ...untold]);
    expect(copy('--container=hello', 'a')).toMatchObject({ status: 78, stdout: '' });
  });

  test('without the real srun it says so and does not call itself', () => {
    const copy = join(folder, 'copy');
    mkdirSync(copy);
    spawnSync('cp', [wrapper, copy]);
    const result = srun(['a'], { PATH: `${join(wrapper, '..')}:${copy}:/nonexistent` });
    expect(result).toMatchObject({ status: 69, stdout: '' });
    expect(result.stderr).toContain("Slurm's own srun is not in PATH");
  });
});

describe('what the caller may not read is not available to him', () => {
  const asNobody = (config: string, name: string): SpawnSyncReturns<string> => {
    chmodSync(folder, 0o755);
    return spawnSync('/usr/bin/dash', [wrapper, `--container=${name}`, 'a'], {
      encoding: 'utf8',
      uid: 65534,
      gid: 65534,
      env: { PATH: `${folder}/bin:/usr/bin:/bin`, CTMGR_CONFIG: join(folder, config) },
    });
  };

  test('an image', () => {
    writeFileSync(join(share, 'builds/2026-11-22.2/private.sif'), '', { mode: 0o600 });
    symlinkSync('../builds/2026-11-22.2/private.sif', join(share, 'current/private.sif'));
    const result = asNobody('config.toml', 'private');
    expect(result).toMatchObject({ status: 77, stdout: '' });
    expect(result.stderr).toContain('image private is not available to you');
  });

  test.each(['builds/2026-11-22.2', 'current'])('the folder %s', (name) => {
    chmodSync(join(share, name), 0o700);
    const result = asNobody('config.toml', 'hello');
    chmodSync(join(share, name), 0o755);
    expect(result).toMatchObject({ status: 77, stdout: '' });
  });

  test('the folder of the configuration', () => {
    mkdirSync(join(folder, 'hidden'), { mode: 0o700 });
    expect(asNobody('hidden/config.toml', 'hello')).toMatchObject({ status: 78, stdout: '' });
  });
});
