import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const spank = join(import.meta.dirname, '../../spank');
const shellQuote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
let folder = '';
let image = '';
const fileOf = (name: string): string => join(folder, `share/builds/2026-11-22.1/${name}.sif`);

type Tool = 'srun' | 'sbatch' | 'salloc';
interface Line {
  tool: Tool;
  /** As a user types them; `--container=hello` and our other words are in there somewhere. */
  words: string[];
  /** What the real tool has to get, with IMAGE where Apptainer's words are to be. */
  expected: string[];
  input?: string;
  env?: Record<string, string>;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-words-'));
  image = fileOf('hello');
  for (const name of ['share/builds/2026-11-22.1', 'share/current', 'bin', 'real', 'work'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['hello', 'other']) {
    writeFileSync(fileOf(name), '');
    symlinkSync(`../builds/2026-11-22.1/${name}.sif`, join(folder, `share/current/${name}.sif`));
  }
  writeFileSync(join(folder, 'config.toml'), `[paths]\nshare = "${folder}/share"\n`);
  for (const tool of ['srun', 'sbatch', 'salloc']) {
    symlinkSync(join(spank, 'srun'), join(folder, 'bin', tool));
    const real = join(folder, 'real', tool);
    writeFileSync(real, `#!/bin/sh\nprintf '%s\\0' ${tool} "$@" "pin=\${SLURM_CTMGR_PIN-}" "env=\${OWN-}"\n`);
    chmodSync(real, 0o755);
  }
  writeFileSync(join(folder, 'work/plain.sh'), '#!/bin/sh\n#SBATCH -N1\nsrun true\n#SBATCH --container=nope\n');
  writeFileSync(
    join(folder, 'work/named.sh'),
    '#!/bin/sh\n# a comment\n\n  # one more\n#SBATCH -J "two words" --container=hello # end\nsrun true\n',
  );
  writeFileSync(join(folder, 'work/quoted.py'), '#!/usr/bin/python3\n#SBATCH --c"ontain"er hel\\lo\nprint(1)\n');
  writeFileSync(join(folder, 'work/nope.sh'), '#!/bin/sh\n#SBATCH --container=nope\ntrue\n');
  writeFileSync(
    join(folder, 'work/het.sh'),
    '#!/bin/sh\n#SBATCH --container=hello -n1\n#SBATCH hetjob\n#SBATCH -n2\ntrue\n',
  );
  writeFileSync(
    join(folder, 'work/late.sh'),
    '#!/bin/sh\n#SBATCH -n1\n#SBATCH hetjob\n#SBATCH --container=hello\ntrue\n',
  );
  // sbatch looks for a script in the folder that the job is to start in.
  mkdirSync(join(folder, 'work/folder'));
  for (const name of ['named', 'deep'])
    writeFileSync(join(folder, `work/folder/${name}.sh`), '#!/bin/sh\n#SBATCH --container=hello\n');
  writeFileSync(join(folder, 'work/folder/plain.sh'), '#!/bin/sh\n#SBATCH --container=nope\n');
  writeFileSync(join(folder, 'work/unknown.sh'), '#!/bin/sh\n#SBATCH --new-option --container=nope\ntrue\n');
  writeFileSync(join(folder, 'work/bundle.sh'), '#!/bin/sh\n#SBATCH --container=/bundle\ntrue\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs all lines in one shell; what each printed, with its exit code and complaints. */
function runAll(lines: Line[], through: 'wrapper' | 'real'): { words: string[]; code: number; stderr: string }[] {
  const out = mkdtempSync(join(folder, 'out-'));
  const script = lines.map(({ tool, words, input, env }, index) => {
    const command = [join(folder, through === 'wrapper' ? 'bin' : 'real', tool), ...words].map(shellQuote).join(' ');
    const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${shellQuote(value)}`);
    const source = input === undefined ? '/dev/null' : join(out, `${index}.in`);
    if (input !== undefined) writeFileSync(source, input);
    return `${variables.join(' ')} ${command} <${source} >${out}/${index}.out 2>${out}/${index}.err; echo $? >${out}/${index}.code`;
  });
  const half = Math.ceil(script.length / 2);
  const text = `{ ${script.slice(0, half).join('\n')}\n} &\n${script.slice(half).join('\n')}\nwait\n`;
  const result = spawnSync('/usr/bin/dash', ['-s'], {
    input: text,
    encoding: 'utf8',
    cwd: join(folder, 'work'),
    env: { PATH: `${folder}/bin:${folder}/real:/usr/bin:/bin`, CTMGR_CONFIG: join(folder, 'config.toml') },
  });
  expect(result.stderr).toBe('');
  const read = (index: number, kind: string): string => readFileSync(join(out, `${index}.${kind}`), 'utf8');
  return lines.map((_, index) => ({
    words: read(index, 'out').split('\0').slice(0, -1),
    code: Number(read(index, 'code')),
    stderr: read(index, 'err'),
  }));
}

const inImage = (words: string[]): string[] =>
  words.flatMap((word) => {
    if (!word.startsWith('IMAGE')) return [word];
    // IMAGE,NAME,TASK,OPTIONS is one of a step whose components differ.
    const [, name = 'hello', task = 'auto', options = ''] = word.split(',');
    const more =
      word === 'IMAGE-AT-ETC'
        ? ['--pwd', '/etc']
        : word === 'IMAGE'
          ? []
          : [...options.split(' ').filter(Boolean), ...told(name)];
    return [
      '--',
      join(spank, 'start-in-image'),
      name,
      task.replaceAll(';', ','),
      `${more.length + 1}`,
      '/usr/bin/apptainer',
      ...more,
      fileOf(name),
    ];
  });

/** Every option of both Slurm versions, three a line, in the forms that it can have, with --container among them. */
function everyOption(): Line[] {
  return (['srun', 'sbatch', 'salloc'] as const).flatMap((tool) => {
    const kinds = new Map<string, string>();
    for (const file of readdirSync(join(spank, 'options')).filter((name) => name.startsWith(`${tool}-`))) {
      const rows = readFileSync(join(spank, 'options', file), 'utf8').split('\n');
      for (const row of rows.filter((line) => line.startsWith('-'))) {
        const [name = '', kind = ''] = row.split(' ');
        kinds.set(name, kind);
      }
    }
    // Those that end the line at once, change what the command is, or are the container's own.
    const special = /^(--help|--usage|--version|-h|-V|--multi-prog|--bcast|--wrap|--container|--no-shell|--export)$/;
    const forms = [...kinds]
      .filter(([name]) => !special.test(name))
      .map(([name, kind], index) => formOf(name, kind, index));
    const groups = Array.from({ length: Math.ceil(forms.length / 3) }, (_, index) =>
      forms.slice(index * 3, index * 3 + 3),
    );
    const command = tool === 'sbatch' ? ['plain.sh', '-x'] : ['cmd', '-x', '--container=other'];
    return groups.map((group, index) => {
      const place = index % (group.length + 1);
      const container = index % 2 === 0 ? ['--container=hello'] : ['--container', 'hello'];
      const words = [...group.slice(0, place).flat(), ...container, ...group.slice(place).flat(), ...command];
      return { tool, words, expected: [...group.flat(), ...(tool === 'srun' ? ['IMAGE'] : []), ...command] };
    });
  });
}

function formOf(name: string, kind: string, index: number): string[] {
  if (kind === 'none' || (kind === 'optional' && index % 2 === 0)) return [name];
  if (!name.startsWith('--'))
    return kind === 'required' && index % 2 === 0 ? [name, '--container=no'] : [`${name}va l`];
  return kind === 'required' && index % 2 === 0 ? [name, '--container=no'] : [`${name}=--container=no`];
}

const shell = (home: string): string[] => [
  `${home}/srun`,
  '--nodes=1',
  '--ntasks=1',
  '--pty',
  'sh',
  '-c',
  'if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi',
];

const told = (name: string): string[] => ['--env', `CTMGR_CONTAINER=${name}`, '--env', `CTMGR_IMAGE=${fileOf(name)}`];

const byHand: [Tool, string[], string[], Partial<Line>?][] = [
  ['srun', ['--container=hello', 'a', ':', '-n2', 'b'], ['IMAGE', 'a', ':', '-n2', 'IMAGE', 'b']],
  [
    'srun',
    ['--container=hello', 'a', ':', '--container=hello', '--', 'b', '-c'],
    ['IMAGE', 'a', ':', 'IMAGE', 'b', '-c'],
  ],
  [
    'srun',
    ['--container=hello', 'a', ':', '-n2', '--container', 'other', 'b', ':', 'c'],
    ['IMAGE,hello', 'a', ':', '-n2', 'IMAGE,other', 'b', ':', 'IMAGE,other', 'c'],
  ],
  [
    'srun',
    // prettier-ignore
    [
      '--container=hello', '--container-workdir=/etc', '--container-env=A,B', 'a',
      ':', '--container-workdir=', '--container-writable', '--no-container-mount-home', '--container=other', 'b',
      ':', '--container-gpu=amd', '--container-env=C', '--container-mount-home', '--container-workdir', '/usr', 'c',
    ],
    // prettier-ignore
    [
      'IMAGE,hello,auto;A;B,--pwd /etc', 'a',
      ':', 'IMAGE,other,auto;A;B,--no-mount home --writable-tmpfs', 'b',
      ':', 'IMAGE,other,amd;C,--writable-tmpfs --pwd /usr', 'c',
    ],
  ],
  [
    'srun',
    ['--container=hello', 'a', ':', '--container-workdir=/opt', 'b'],
    ['IMAGE,hello,auto,--pwd /usr', 'a', ':', 'IMAGE,hello,auto,--pwd /opt', 'b'],
    { env: { CTMGR_CONTAINER_WORKDIR: '/usr' } },
  ],
  [
    'srun',
    ['--container=hello', '--container-workdir=/usr', '--container-workdir=/etc', 'a', ':', '--container-wo=/etc', 'b'],
    ['IMAGE-AT-ETC', 'a', ':', 'IMAGE-AT-ETC', 'b'],
  ],
  ['srun', ['--container=hello', '--container-wo=/etc', 'a'], ['IMAGE-AT-ETC', 'a']],
  ['srun', ['--container-wo', '/etc', '--container=hello', 'a'], ['IMAGE-AT-ETC', 'a']],
  [
    'srun',
    ['--container=hello', '--container-i=x', '--parti', 'b', 'a'],
    ['--container-i=x', '--parti', 'b', 'IMAGE', 'a'],
  ],
  ['srun', ['a'], ['IMAGE', 'a'], { env: { SRUN_CONTAINER: 'hello' } }],
  ['srun', ['--export=NONE', '--container=hello', 'a'], ['--export=NONE', 'IMAGE-WITH-ENV', 'a']],
  ['srun', ['a', '--', '-n'], ['IMAGE', 'a', '--', '-n'], { env: { SRUN_CONTAINER: 'hello' } }],
  ['srun', ['a'], ['IMAGE', 'a'], { env: { SLURM_JOB_ID: '1', SLURM_CONTAINER: 'hello' } }],
  [
    'srun',
    ['--het-group=0', 'a', ':', '--het-group=1', '--container=other', 'b'],
    ['--het-group=0', 'IMAGE,hello', 'a', ':', '--het-group=1', 'IMAGE,other', 'b'],
    { env: { SLURM_JOB_ID: '1', SLURM_CONTAINER: 'hello' } },
  ],
  ['sbatch', ['named.sh', '--container=no'], ['named.sh', '--container=no']],
  ['sbatch', ['quoted.py', 'a b'], ['quoted.py', 'a b']],
  ['sbatch', ['het.sh'], ['het.sh']],
  ['sbatch', ['--chdir', 'folder', 'named.sh'], ['--chdir', 'folder', 'named.sh']],
  ['sbatch', ['-Qn2', '-Dfolder', 'deep.sh'], ['-Qn2', '-Dfolder', 'deep.sh']],
  ['sbatch', ['-D', 'folder', './named.sh'], ['-D', 'folder', './named.sh']],
  ['sbatch', ['-N1', ':', '-N2', 'named.sh'], ['-N1', ':', '-N2', 'named.sh']],
  ['sbatch', ['--container=hello', '-N1', ':', '-N2', 'plain.sh'], ['-N1', ':', '-N2', 'plain.sh']],
  ['sbatch', ['--container=hello', '--wrap=echo --container=no'], ['--wrap=echo --container=no']],
  ['sbatch', ['--container=hello', '--wrap', 'echo "a  b"'], ['--wrap', 'echo "a  b"']],
  ['sbatch', ['--container=hello', '--', 'plain.sh', '--'], ['--', 'plain.sh', '--']],
  ['sbatch', ['nope.sh'], ['nope.sh'], { env: { SBATCH_CONTAINER: 'hello' } }],
  ['sbatch', ['--container=hello', 'nope.sh'], ['nope.sh']],
  ['sbatch', ['--container=hello', 'unknown.sh'], ['unknown.sh']],
  ['sbatch', ['--parsable', '--container=hello'], ['--parsable'], { input: '#!/bin/sh\ntrue\n' }],
  ['sbatch', ['--parsable'], ['--parsable'], { input: '#!/bin/sh\n#SBATCH --container=hello\ntrue\n' }],
  ['salloc', ['--container=hello', '-N1'], ['-N1', 'SHELL']],
  ['salloc', ['--container=hello', '-N1', '--no-shell'], ['-N1', '--no-shell']],
  ['salloc', ['-N1', ':', '-N2', 'sh', ':'], ['-N1', ':', '-N2', 'sh', ':'], { env: { SALLOC_CONTAINER: 'hello' } }],
];

describe('every option of srun, sbatch and salloc', () => {
  test('reaches the real tool as it was, with and without an image', () => {
    const lines: Line[] = [
      ...everyOption(),
      ...byHand.map(([tool, words, expected, more]) => ({ tool, words, expected, ...more })),
    ];
    expect(lines.length).toBeGreaterThanOrEqual(150);
    const pin = `pin=hello - ${image}`;
    const got = runAll(lines, 'wrapper').map(({ words, stderr }, index) => [lines[index]?.words, words, stderr]);
    // Slurm is told the exact image of a batch job.
    const record = (tool: Tool): string[] => (tool === 'sbatch' ? ['--container=hello:2026-11-22.1'] : []);
    const wanted = lines.map(({ tool, words, expected }) => [
      words,
      [
        tool,
        ...record(tool),
        ...inImage(expected.flatMap((word) => (word === 'SHELL' ? shell(spank) : [word]))),
        pin,
        'env=',
      ],
      '',
    ]);
    expect(got).toEqual(wanted);
  });

  test('without an image, the wrapper is not to be noticed', () => {
    const lines: Line[] = everyOption().map(({ tool, expected }) => ({
      tool,
      words: expected.filter((word) => word !== 'IMAGE'),
      expected,
    }));
    lines.push(
      ...(['plain.sh', 'missing.sh'] as const).map((script): Line => ({
        tool: 'sbatch',
        words: ['--new-option', script],
        expected: [],
      })),
      { tool: 'sbatch', words: [], expected: [], input: '#!/bin/sh\ntrue\n' },
      { tool: 'sbatch', words: ['--help', 'nope.sh'], expected: [] },
      { tool: 'sbatch', words: ['bundle.sh'], expected: [] },
    );
    expect(runAll(lines, 'wrapper')).toEqual(runAll(lines, 'real'));
  });

  test('a script on standard input is still there for sbatch', () => {
    const input = `#!/bin/sh\n#SBATCH --container=hello\n${'x'.repeat(100_000)}\n`;
    writeFileSync(join(folder, 'real/sbatch.cat'), '#!/bin/sh\nexec cat\n', { mode: 0o755 });
    mkdirSync(join(folder, 'cat'));
    symlinkSync('../real/sbatch.cat', join(folder, 'cat/sbatch'));
    const result = spawnSync('/usr/bin/dash', [join(folder, 'bin/sbatch')], {
      input,
      encoding: 'utf8',
      env: { PATH: `${folder}/bin:${folder}/cat:/usr/bin:/bin`, CTMGR_CONFIG: join(folder, 'config.toml') },
    });
    expect(result).toMatchObject({ status: 0, stdout: input, stderr: '' });
  });

  test('a script with --container-... lines reaches sbatch without them, line for line, under its name', () => {
    const script = [
      '#!/bin/sh',
      '#SBATCH -N1 --container-mounts="/a b:/c" -J "two words" # x',
      '  # no directive',
      '#SBATCH --container=hello --container-writable',
      '#SBATCH --container-workdir',
      '#SBATCH /etc',
      '#SBATCH hetjob --container-env=A --comment=a\\ b#c',
      'echo "$1" # --container',
      '#SBATCH --container-gpu=none',
      '',
    ];
    const stripped = [
      script[0],
      `#SBATCH -N1 -J two\\ words # was: ${script[1]}`,
      script[2],
      `# was: ${script[3]}`,
      `# was: ${script[4]}`,
      `# was: ${script[5]}`,
      script[6],
      ...script.slice(7),
    ];
    // A later component of a job has no options of its own.
    const text = script.join('\n').replace(' --container-env=A', '');
    const wanted = stripped.join('\n').replace(' --container-env=A', '');
    const file = join(folder, 'work/full job.sh');
    writeFileSync(file, text);
    const unnamed = text.replace(' -J "two words"', '');
    writeFileSync(join(folder, 'work/unnamed.sh'), unnamed);
    mkdirSync(join(folder, 'show'));
    const show = `#!/bin/sh
printf '%s\\0' "$@" "work=\${SLURM_CTMGR_WORKDIR-} mounts=\${SLURM_CTMGR_MOUNTS-} writable=\${SLURM_CTMGR_WRITABLE-}"
for word; do case $word in /proc/*) exec cat "$word" ;; esac; done; exec cat\n`;
    writeFileSync(join(folder, 'show/sbatch'), show, { mode: 0o755 });
    const sbatch = (words: string[], input = '', env: Record<string, string> = {}) =>
      spawnSync('/usr/bin/dash', [join(folder, 'bin/sbatch'), ...words], {
        input,
        encoding: 'utf8',
        cwd: join(folder, 'work'),
        env: { PATH: `${folder}/bin:${folder}/show:/usr/bin:/bin`, CTMGR_CONFIG: join(folder, 'config.toml'), ...env },
      });
    const record = '--container=hello:2026-11-22.1';
    const set = (workdir = '/etc') => `work=${workdir} mounts=/a b:/c writable=yes`;
    const opened = '/proc/self/fd/9';
    const parts = (result: ReturnType<typeof sbatch>) => [result.stderr, ...result.stdout.split('\0')];
    expect(parts(sbatch(['full job.sh', 'x y', '--container=no']))).toEqual([
      '',
      record,
      opened,
      'x y',
      '--container=no',
      set(),
      wanted,
    ]);
    const anonymous = wanted.replace(' -J two\\ words', '').replace(' -J "two words"', '');
    expect(parts(sbatch(['-n1', './unnamed.sh']))).toEqual([
      '',
      record,
      '--job-name=unnamed.sh',
      '-n1',
      opened,
      set(),
      anonymous,
    ]);
    expect(parts(sbatch(['-n1', '-Jown', 'unnamed.sh']))).toEqual([
      '',
      record,
      '-n1',
      '-Jown',
      opened,
      set(),
      anonymous,
    ]);
    expect(parts(sbatch(['unnamed.sh'], '', { SBATCH_JOB_NAME: 'x' }))).toEqual(['', record, opened, set(), anonymous]);
    // The command line comes before the script, and standard input stays what it is.
    const other = ['--container=other', '--container-workdir=/usr'];
    expect(parts(sbatch(other, text))).toEqual(['', record.replace('hello', 'other'), set('/usr'), wanted]);
    const piped = () =>
      spawnSync('bash', ['--norc', '-c', 'sbatch <(cat unnamed.sh) a'], {
        encoding: 'utf8',
        cwd: join(folder, 'work'),
        env: { PATH: `${folder}/bin:${folder}/show:/usr/bin:/bin`, CTMGR_CONFIG: join(folder, 'config.toml') },
      });
    expect(parts(piped())).toEqual([
      '',
      record,
      expect.stringMatching(/^--job-name=\d+$/),
      opened,
      'a',
      set(),
      anonymous,
    ]);
    // A pipe can be read once only, also where nothing in it is ours.
    writeFileSync(join(folder, 'work/unnamed.sh'), '#!/bin/sh\n#SBATCH -n1 -J "a name"\n');
    expect(parts(piped()).slice(1, 3)).toEqual([opened, 'a']);
    // What names an OCI bundle is Slurm's own business, with all that is in it.
    writeFileSync(join(folder, 'work/unnamed.sh'), unnamed.replace('=hello', '=/bundle'));
    expect(parts(sbatch(['unnamed.sh']))[1]).toBe('unnamed.sh');
    expect(readdirSync(folder).filter((name) => name.startsWith('ctmgr-sbatch'))).toEqual([]);
  });

  test('an image file of the user, where the site allows that', () => {
    writeFileSync(join(folder, 'work/own.sif'), '');
    const own = join(folder, 'own.toml');
    writeFileSync(own, `[paths]\nshare = "${folder}/share"\n[containers]\nuser_images = true\n`);
    const file = join(folder, 'work/own.sif');
    const pin = `pin=/ - ${file}`;
    const lines: Line[] = [
      { tool: 'srun', words: ['--container=./own.sif', 'a'], expected: [], env: { CTMGR_CONFIG: own } },
      { tool: 'sbatch', words: [`--container=${file}`, 'plain.sh'], expected: [], env: { CTMGR_CONFIG: own } },
    ];
    expect(runAll(lines, 'wrapper').map(({ words }) => words)).toEqual([
      ['srun', '--', join(spank, 'start-in-image'), file, 'auto', '1', '/usr/bin/apptainer', file, 'a', pin, 'env='],
      ['sbatch', 'plain.sh', pin, 'env='],
    ]);
  });

  test('what names no image is refused, wherever it is named', () => {
    const refused: [Tool, string[], number, RegExp, Partial<Line>?][] = [
      ['sbatch', ['nope.sh'], 66, /^sbatch: ctmgr: there is no image nope/],
      ['sbatch', ['--container=nope', 'plain.sh'], 66, /no image nope/],
      ['sbatch', ['--container=nope', '--wrap=true'], 66, /no image nope/],
      ['sbatch', ['named.sh'], 66, /no image nope/, { env: { SBATCH_CONTAINER: 'nope' } }],
      ['sbatch', [], 66, /no image nope/, { input: '#!/bin/sh\n#SBATCH --container nope\n' }],
      ['srun', ['--container=./own.sif', 'a'], 64, /not allowed here/],
      ['sbatch', ['late.sh'], 64, /heterogeneous/],
      ['sbatch', ['-D', 'folder', 'plain.sh'], 66, /no image nope/],
      ['sbatch', ['unknown.sh'], 64, /the script's option --new-option is not known/],
      ['sbatch', ['--container=hello', ':', '--container-writable', 'plain.sh'], 64, /later component of a job/],
      ['sbatch', ['--new-option', 'named.sh'], 64, /--new-option is not known/],
      ['sbatch', ['--container-writable', 'plain.sh'], 64, /need --container=NAME/],
      ['salloc', ['--container=nope'], 66, /no image nope/],
      ['salloc', ['-N1'], 66, /no image nope/, { env: { SALLOC_CONTAINER: 'nope' } }],
      ['salloc', ['--new-option', '--container=hello'], 64, /--new-option is not known/],
    ];
    const lines = refused.map(([tool, words, , , more]) => ({ tool, words, expected: [], ...more }));
    runAll(lines, 'wrapper').forEach((result, index) => {
      const [, words, code, text] = refused[index] ?? [];
      expect([words, result]).toEqual([words, { words: [], code, stderr: expect.stringMatching(text ?? /^$/) }]);
    });
  });
});
