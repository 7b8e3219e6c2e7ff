import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readResult } from '../../lib/builds/result-file.ts';
import { buildScriptData, taskEnvironment } from '../../lib/builds/task-files.ts';
import { renderTemplate } from '../../lib/util/template.ts';

const template = join(import.meta.dirname, '../../sbatch-templates/build.sbatch.mustache');
const standIn = join(import.meta.dirname, 'fixtures/apptainer');

let folder: string;
let share: string;
let scratch: string;
let target: string;
let result: string;
let task: string;
let packages: string;

beforeEach(() => {
  // A blank and a quote: every path has to survive the shell.
  folder = mkdtempSync(join(tmpdir(), "ctmgr build's-"));
  share = join(folder, 'share');
  scratch = join(folder, 'scratch');
  task = join(share, 'tasks/3');
  target = join(share, 'builds/solver.sif');
  result = join(share, 'results/3.json');
  packages = join(share, 'logs/solver.packages');
  for (const path of [
    scratch,
    join(task, 'context'),
    ...['builds', 'results', 'logs'].map((name) => join(share, name)),
  ]) {
    mkdirSync(path, { recursive: true });
  }
  writeFileSync(join(task, 'recipe.def'), 'Bootstrap: scratch\n');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Case {
  /** What the stand-in for apptainer does: see fixtures/apptainer. */
  behaviour?: string;
  environment?: Record<string, string>;
  test?: boolean;
  source?: 'definition' | 'file';
  publish?: boolean;
  jobId?: number;
  /** How often Slurm has requeued it. */
  restarts?: number;
  /** Command in front of the shell that runs the script. */
  prefix?: string[];
  apptainer?: string;
  architecture?: string;
  variant?: string;
}

function start(options: Case = {}): ChildProcess {
  const { architecture = '', variant = '', source = 'definition', publish = true } = options;
  const more = { packages, source, publish, architecture, variant };
  const values = { name: 'solver', target, result, test: options.test ?? true, ...more };
  writeFileSync(join(task, 'task.env'), taskEnvironment(values));
  const data = buildScriptData({
    tasksFolder: join(share, 'tasks'),
    apptainer: options.apptainer ?? standIn,
    scratchParent: scratch,
    buildArguments: ['--mksquashfs-args', '-processors 2'],
    environment: { BEHAVIOUR: options.behaviour ?? '', SEEN: join(folder, 'seen'), ...options.environment },
    requeues: 2,
    // The stand-in never goes when it is asked to.
    graceSeconds: 0.3,
  });
  const script = join(folder, 'script');
  writeFileSync(script, renderTemplate(readFileSync(template, 'utf8'), data, template));
  const [file, ...args] = [...(options.prefix ?? []), 'sh', script];
  return spawn(file ?? 'sh', args, {
    cwd: folder,
    stdio: ['ignore', openSync(join(folder, 'out'), 'a'), openSync(join(folder, 'err'), 'a')],
    env: {
      PATH: process.env['PATH'],
      SLURM_ARRAY_JOB_ID: String(options.jobId ?? 77),
      SLURM_ARRAY_TASK_ID: '3',
      ...(options.restarts === undefined ? {} : { SLURM_RESTART_COUNT: String(options.restarts) }),
      SLURMD_NODENAME: 'b"1',
      LEAK: 'of the submitter',
    },
  });
}

async function end(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
}

const build = async (options: Case = {}): Promise<number | null> => end(start(options));
const log = (stream: 'out' | 'err'): string => readFileSync(join(folder, stream), 'utf8');

/** What must hold after every end: nothing but finished files on the share, and no scratch. */
function expectTidy(): void {
  expect(readdirSync(scratch)).toEqual([]);
  for (const place of ['builds', 'results', 'logs']) {
    expect(readdirSync(join(share, place)).filter((name) => name.startsWith('.'))).toEqual([]);
  }
}

describe('the list of packages', () => {
  const expected = 'apk\tmusl-utils\t1.2.5-r9\nconda\tnumpy-base\t2.1.0-py312_0\ndpkg\tzlib1g\t1:1.3\npip\tsix\t1.16\n';

  test('has what is installed, in one form for all package managers', async () => {
    expect(await build()).toBe(0);
    expect(readFileSync(packages, 'utf8')).toBe(expected);
    expectTidy();
  });

  test('is no reason to fail, whether the image cannot be asked or the list not be written', async () => {
    expect(await build({ behaviour: 'list-fails' })).toBe(0);
    expect(readFileSync(packages, 'utf8')).toBe(expected);
    expect(log('out')).toContain('ctmgr: the list of packages may not be complete: no list');
    for (const path of [packages, target, result]) rmSync(path);
    rmSync(join(share, 'logs'), { recursive: true });
    expect(await build({ jobId: 77 })).toBe(0);
    expect(log('out')).toContain(`ctmgr: cannot write ${packages}`);
    expect(existsSync(target)).toBe(true);
  });
});

describe('a verification', () => {
  test('builds and tests, reports, and leaves no image', async () => {
    expect(await build({ publish: false })).toBe(0);
    expect(await readResult(result)).toMatchObject({
      outcome: 'success',
      message: expect.stringMatching(/^solver builds: 50\d{3} bytes$/),
    });
    expect([existsSync(target), existsSync(packages)]).toEqual([false, false]);
    expectTidy();
  });

  test('fails as any build does', async () => {
    expect(await build({ publish: false, behaviour: 'test-fails' })).toBe(1);
    expect(await readResult(result)).toMatchObject({ outcome: 'failure', kind: 'test' });
    expectTidy();
  });
});

describe('a ready image', () => {
  test('is checked and published as it is', async () => {
    const made = spawnSync(standIn, ['build', join(task, 'context/image'), 'x.def'], {
      env: { PATH: process.env['PATH'], SEEN: join(folder, 'seen') },
    });
    expect(made.status).toBe(0);
    expect(await build({ source: 'file' })).toBe(0);
    expect(readFileSync(target).equals(readFileSync(join(task, 'context/image')))).toBe(true);
    expectTidy();
  });

  test.each([
    ['that is none', 'junk', undefined, 'there is no image file in the SIF format'],
    ['that is damaged', `${' '.repeat(32)}SIF_MAGIC`, 'bad-header', 'apptainer sif list refuses the image'],
    ['that is cut off', `${' '.repeat(32)}SIF_MAGIC`, undefined, 'the image file is cut off at 41 bytes'],
  ])(
    '%s fails before anything is published, and no other node would do better',
    async (_, text, behaviour, message) => {
      writeFileSync(join(task, 'context/image'), text);
      expect(await build({ source: 'file', ...(behaviour === undefined ? {} : { behaviour }) })).toBe(1);
      expect(await readResult(result)).toMatchObject({ outcome: 'failure', kind: 'build', message });
      expect(existsSync(target)).toBe(false);
    },
  );
});

describe('success', () => {
  test('the image is published as it was built, and the result describes it', async () => {
    expect(await build()).toBe(0);
    const image = readFileSync(target);
    const report = await readResult(result);
    expect(report).toMatchObject({
      outcome: 'success',
      exit_code: 0,
      message: `published ${target}`,
      size: image.length,
      sha256: createHash('sha256').update(image).digest('hex'),
      node: 'b"1',
      job_id: 77,
      index: 3,
      apptainer: '1.4.5',
    });
    expect(report?.ended).toBeGreaterThanOrEqual(report?.started ?? Infinity);
    expect(readlinkSync(join(task, 'claim'))).toBe('77');
    expectTidy();
  });

  test('apptainer sees the context as folder, a scratch of its own, and nothing of the environment of the job', async () => {
    await build();
    const seen = readFileSync(join(folder, 'seen'), 'utf8');
    expect(seen).toContain(`cwd=${task}/context\n`);
    expect(seen).toContain('umask=0022\n');
    expect(seen).toMatch(
      /^args=build --force --fakeroot --notest --mksquashfs-args -processors 2 .*\/image\.sif \.\.\/recipe\.def$/m,
    );
    expect(seen).toMatch(new RegExp(`^APPTAINER_CACHEDIR=${scratch}/ctmgr-build\\.\\w+/cache$`, 'm'));
    expect(seen).toMatch(new RegExp(`^APPTAINER_TMPDIR=${scratch}/ctmgr-build\\.\\w+/tmp$`, 'm'));
    expect(seen).not.toMatch(/^(SLURM|LEAK)/m);
  });

  test('a platform is passed on where the node can run its programs; elsewhere nothing is built', async () => {
    const own = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64'];
    expect(await build({ architecture: own, variant: 'v1' })).toBe(0);
    const line = new RegExp(
      `^args=build --force --fakeroot --notest --arch ${own} --arch-variant v1 --mksquashfs-args `,
      'm',
    );
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toMatch(line);
    rmSync(join(folder, 'seen'));
    rmSync(target);
    rmSync(join(task, 'claim'));
    expect(await build({ architecture: 'm68k' })).toBe(1);
    const message = expect.stringMatching(/^b"1 is \w+ and cannot run programs for m68k: choose a class/);
    expect(await readResult(result)).toMatchObject({ outcome: 'failure', kind: 'build', message });
    expect(existsSync(join(folder, 'seen'))).toBe(false);
    expectTidy();
  });

  test('an image without any program we know is fine', async () => {
    expect(await build({ behaviour: 'no-true' })).toBe(0);
    expect(await readResult(result)).toMatchObject({ outcome: 'success' });
  });

  test('%test runs only if there is one', async () => {
    expect(await build({ behaviour: 'test-fails', test: false })).toBe(0);
  });

  test('every line of the script itself is marked', async () => {
    await build();
    expect(log('out')).toMatch(/^ctmgr: building solver on b"1, job 77_3, apptainer version 1\.4\.5$/m);
    expect(
      log('err')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('ctmgr: ')),
    ).toEqual(['INFO:    build']);
  });
});

describe('failure', () => {
  test('%post: the failing line is in the error log', async () => {
    expect(await build({ behaviour: 'post-fails' })).toBe(1);
    expect(log('err')).toContain('+ make install\n');
    expect(log('err')).toContain('ctmgr: build failure: apptainer build ended with exit code 255\n');
    expect(await readResult(result)).toMatchObject({ outcome: 'failure', kind: 'build', exit_code: 255 });
    expect(existsSync(target)).toBe(false);
    expectTidy();
  });

  test('%test', async () => {
    expect(await build({ behaviour: 'test-fails' })).toBe(1);
    expect(await readResult(result)).toMatchObject({ outcome: 'failure', kind: 'test', exit_code: 3 });
    expect(existsSync(target)).toBe(false);
    expectTidy();
  });

  test('an image that does not start', async () => {
    expect(await build({ behaviour: 'exec-fails' })).toBe(1);
    expect(await readResult(result)).toMatchObject({ kind: 'test', message: 'the image does not start' });
  });

  test.each([
    ['no image at all', 'no-image', 'there is no image file in the SIF format'],
    [
      'an image cut off in spite of exit code 0',
      'cut-off',
      expect.stringMatching(/^the image file is cut off at \d+ bytes$/),
    ],
    ['a header that apptainer refuses', 'bad-header', 'apptainer sif list refuses the image'],
    ['a missing subordinate id range', 'no-fakeroot', 'apptainer build --fakeroot does not work on b"1'],
  ])('infrastructure: %s', async (_, behaviour, message) => {
    expect(await build({ behaviour })).toBe(1);
    expect(await readResult(result)).toMatchObject({ outcome: 'failure', kind: 'infrastructure', message });
    expectTidy();
  });

  test('infrastructure: apptainer is not on the node', async () => {
    expect(await build({ apptainer: '/nonexistent/apptainer' })).toBe(1);
    expect(await readResult(result)).toMatchObject({
      kind: 'infrastructure',
      message: 'cannot run /nonexistent/apptainer on b"1',
    });
  });

  test('infrastructure: no scratch folder, no folder for images', async () => {
    rmSync(scratch, { recursive: true });
    expect(await build()).toBe(1);
    expect(await readResult(result)).toMatchObject({ message: `cannot make a scratch folder in ${scratch} on b"1` });
    mkdirSync(scratch);
    rmSync(join(share, 'builds'), { recursive: true });
    rmSync(result);
    expect(await build()).toBe(1);
    expect(await readResult(result)).toMatchObject({ message: `cannot write to ${share}/builds from b"1` });
  });

  test('infrastructure: the copy is shorter than the image', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'cp'), '#!/bin/sh\nhead -c 100 "$2" >"$3"\n', { mode: 0o755 });
    expect(await build({ environment: { PATH: `${bin}:${process.env['PATH']}` } })).toBe(1);
    expect(await readResult(result)).toMatchObject({
      kind: 'infrastructure',
      message: `the copy in ${share}/builds is not as long as the image`,
    });
    expect(existsSync(target)).toBe(false);
    expectTidy();
  });

  test('the result cannot be written: Slurm gets to know by the exit code', async () => {
    rmSync(join(share, 'results'), { recursive: true });
    expect(await build()).toBe(74);
    expect(log('err')).toContain(`ctmgr: cannot write the result ${result}`);
  });
});

describe('full disk', () => {
  const small = (path: string): string[] => [
    'unshare',
    ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs -o size=64k none "$1" && shift && exec "$@"',
    'sh',
    path,
  ];
  const [file = '', ...args] = small('/tmp');
  const mounts = spawnSync(file, [...args, 'true']).status === 0;

  test('on the node', async () => {
    if (!mounts) return notTested();
    expect(await build({ behaviour: 'large', prefix: small(scratch) })).toBe(1);
    expect(await readResult(result)).toMatchObject({
      kind: 'infrastructure',
      message: `no space left while building in ${scratch} on b"1`,
    });
  });

  test('on the share', async () => {
    if (!mounts) return notTested();
    expect(await build({ behaviour: 'large', prefix: small(join(share, 'builds')) })).toBe(1);
    expect(await readResult(result)).toMatchObject({
      kind: 'infrastructure',
      message: `no space left in ${share}/builds`,
    });
    expectTidy();
  });
});

describe('being stopped', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the build and everything it started',
    async (signal) => {
      const child = start({ behaviour: 'hangs' });
      const pids = await contentOf(join(folder, 'seen.pids'));
      child.kill(signal);
      expect(await end(child)).toBe(signal === 'SIGTERM' ? 143 : 130);
      expect(await readResult(result)).toMatchObject({ outcome: 'terminated' });
      // What the script has killed is gone when the kernel gets to it.
      for (const pid of pids.trim().split(' ')) while (isRunning(pid)) await delay(20);
      expect(existsSync(target)).toBe(false);
      expectTidy();
    },
    30_000,
  );

  test('scratch of a build that was killed without warning goes with the next one, scratch of a living one stays', async () => {
    const [dead, living] = [join(scratch, 'ctmgr-build.dead'), join(scratch, 'ctmgr-build.living')];
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const path of [dead, living]) {
      mkdirSync(path);
      writeFileSync(join(path, 'lock'), '');
      utimesSync(path, longAgo, longAgo);
    }
    const owner = spawn('flock', [join(living, 'lock'), 'sh', '-c', 'echo; exec cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    try {
      await new Promise((resolve) => owner.stdout.once('data', resolve));
      expect(await build()).toBe(0);
      expect(readdirSync(scratch)).toEqual(['ctmgr-build.living']);
    } finally {
      owner.stdin.end();
      await end(owner);
    }
  });

  test('a build that somebody else killed is terminated, not failed', async () => {
    expect(await build({ behaviour: 'killed' })).toBe(137);
    expect(await readResult(result)).toMatchObject({ outcome: 'terminated', exit_code: 137 });
    expectTidy();
  });
});

describe('the claim', () => {
  test('a task of another job is left alone', async () => {
    expect(await build()).toBe(0);
    const before = [readFileSync(target), readFileSync(result), readdirSync(task)];
    expect(await build({ jobId: 78, behaviour: 'post-fails' })).toBe(75);
    expect([readFileSync(target), readFileSync(result), readdirSync(task)]).toEqual(before);
    expect(log('err')).toContain('ctmgr: job 77 builds solver; job 78 leaves it alone\n');
  });

  test('a requeued element does not build a finished image again', async () => {
    expect(await build()).toBe(0);
    const before = readFileSync(result, 'utf8');
    expect(await build({ behaviour: 'post-fails' })).toBe(0);
    expect(readFileSync(result, 'utf8')).toBe(before);
  });

  test('a requeued element starts anew after it was stopped, in the same log, and its claim tells when', async () => {
    expect(await build({ behaviour: 'killed' })).toBe(137);
    const claim = join(task, 'claim');
    lutimesSync(claim, 1, 1);
    expect(await build()).toBe(0);
    expect(await readResult(result)).toMatchObject({ outcome: 'success' });
    expect(log('out').match(/^ctmgr: (building solver|another attempt)/gm)).toEqual([
      'ctmgr: building solver',
      'ctmgr: another attempt',
      'ctmgr: building solver',
    ]);
    expect(lstatSync(claim).mtimeMs).toBeGreaterThan(1000);
  });

  test('a requeued element does not build again what it has reported as failed', async () => {
    expect(await build({ behaviour: 'post-fails' })).toBe(1);
    const before = readFileSync(result, 'utf8');
    expect(await build()).toBe(1);
    expect(readFileSync(result, 'utf8')).toBe(before);
    expect(existsSync(target)).toBe(false);
  });

  test('an element that Slurm requeues again and again gives up', async () => {
    expect(await build({ behaviour: 'killed', restarts: 2 })).toBe(137);
    expect(await build({ restarts: 3 })).toBe(1);
    expect(await readResult(result)).toMatchObject({
      kind: 'infrastructure',
      message: expect.stringContaining('requeued the job 3 times'),
    });
    expectTidy();
  });

  test('published, but killed before the result: the requeued element reports its own image', async () => {
    expect(await build()).toBe(0);
    const before = readFileSync(result, 'utf8');
    rmSync(result);
    expect(await build({ behaviour: 'post-fails' })).toBe(0);
    expect(JSON.parse(readFileSync(result, 'utf8'))).toMatchObject({
      sha256: JSON.parse(before).sha256,
      outcome: 'success',
    });
    expectTidy();
  });

  test('a foreign file in the place of the image is never overwritten', async () => {
    writeFileSync(target, 'something else');
    expect(await build()).toBe(1);
    expect(readFileSync(target, 'utf8')).toBe('something else');
    expect(await readResult(result)).toMatchObject({
      kind: 'infrastructure',
      message: `${target} exists and is not an image of this task; it is never overwritten`,
    });
    expectTidy();
  });
});

function notTested(): void {
  process.stderr.write('not tested: a full disk, because this machine does not allow to mount a small tmpfs\n');
}

/** Waits until the file exists and ends with a newline. */
async function contentOf(path: string): Promise<string> {
  const read = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const watcher = watch(folder);
  try {
    while (!read().endsWith('\n')) await new Promise((resolve) => watcher.once('change', resolve));
  } finally {
    watcher.close();
  }
  return read();
}

function isRunning(pid: string): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z');
  } catch {
    return false;
  }
}
