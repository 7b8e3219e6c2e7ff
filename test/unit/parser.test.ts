import { describe, expect, test } from '@jest/globals';
import { wordsOf } from '../../lib/cli/command-spec.ts';
import { allCommands, findSpec, parseCommandLine } from '../../lib/cli/parser.ts';
import { type Level, levels, reaches } from '../../lib/config/rights.ts';

async function call(words: string[], level: Level = 'root'): Promise<{ name: string; argv: Record<string, unknown> }> {
  const parsed = await parseCommandLine(words, level, '1.2.3');
  if (parsed.kind !== 'call') throw new Error(`no call: ${parsed.text}`);
  return { name: wordsOf(parsed.call.spec).join(' '), argv: parsed.call.argv };
}

async function text(words: string[], level: Level = 'root'): Promise<string> {
  const parsed = await parseCommandLine(words, level, '1.2.3');
  return parsed.kind === 'text' ? parsed.text : '';
}

describe('every command', () => {
  test.each(allCommands.map((spec) => [wordsOf(spec).join(' '), spec] as const))('%s', async (name, spec) => {
    const help = await text([...wordsOf(spec), '--help'], spec.level);
    expect(help).toContain(`ctmgr ${name}`);
    expect(help).toContain(spec.summary);
    expect(spec.examples.length).toBeGreaterThan(0);
    for (const [line] of spec.examples) expect(line).toContain(`ctmgr ${name}`.split(' <')[0]);
    expect(help.includes('--parsable2')).toBe(spec.listing === true);
    expect(typeof (await spec.load()).run).toBe('function');
  });
});

test('groups stand among the others and say what they are about', async () => {
  const help = await text(['--help']);
  const groups = new Set(allCommands.filter((spec) => wordsOf(spec).length > 1).map((spec) => wordsOf(spec)[0] ?? ''));
  for (const group of groups) expect(help).toMatch(new RegExp(`^  ctmgr ${group} +[A-Z](?!dd )`, 'm'));
  expect(help).not.toContain('undefined');
  expect(help.indexOf('ctmgr overlay')).toBeLessThan(help.indexOf('ctmgr migrate'));
});

describe('levels', () => {
  test.each(levels)('%s sees what is theirs, and nothing above it', async (level) => {
    const help = await text(['--help'], level);
    for (const spec of allCommands) {
      const [group = ''] = wordsOf(spec);
      expect([group, new RegExp(String.raw`^  ctmgr ${group}\b`, 'm').test(help)]).toEqual([
        group,
        reaches(level, spec.level),
      ]);
    }
  });

  test('a command above the level does not exist for the parser', async () => {
    await expect(call(['rebuild'], 'admin')).rejects.toMatchObject({ code: 'usage' });
    await expect(call(['overlay', 'list'], 'user')).rejects.toMatchObject({ code: 'usage' });
    expect((await call(['rebuild'], 'root')).name).toBe('rebuild');
  });
});

describe('arguments', () => {
  test('words stay words, however much they look like something else', async () => {
    const { argv } = await call([
      'import',
      '007',
      '--name',
      '1e3',
      '--build-arg',
      'A=1',
      '--build-arg',
      'B=x=y z',
      '--message',
      '0x10',
    ]);
    expect(argv).toMatchObject({ dockerfile: '007', name: '1e3', 'build-arg': ['A=1', 'B=x=y z'], message: '0x10' });
    expect((await call(['rebuild', 'a', '12', 'b'])).argv['names']).toEqual(['a', '12', 'b']);
    expect((await call(['rebuild'])).argv['names']).toEqual([]);
  });

  test('steps of an overlay keep their order and swallow nothing', async () => {
    const { argv } = await call([
      'overlay',
      'add',
      'x',
      '--run',
      'mkdir -p /p',
      '--run',
      'echo -n "$x"',
      '--selector',
      'all',
    ]);
    expect(argv).toMatchObject({ name: 'x', run: ['mkdir -p /p', 'echo -n "$x"'], selector: 'all' });
    expect((await call(['overlay', 'add', '--run', 'true', 'x'])).argv).toMatchObject({ name: 'x', run: ['true'] });
  });

  test('aliases and the options of listings', async () => {
    expect((await call(['build-all', '--wait'])).argv).toMatchObject({ wait: true, 'dry-run': false });
    const { name, argv } = await call(['ls', '-P', '-n', '--format', 'name,tag%4', '--json']);
    expect(name).toBe('list');
    expect(argv).toMatchObject({ parsable2: true, noheader: true, format: 'name,tag%4', json: true });
  });

  test.each([
    [[], 'a command is missing', 'ctmgr'],
    [['lst'], 'there is no command "ctmgr lst"; did you mean list?', 'ctmgr'],
    [['frobnicate'], 'there is no command "ctmgr frobnicate"', 'ctmgr'],
    [['overlay', 'frobnicate'], 'there is no command "ctmgr overlay frobnicate"', 'ctmgr overlay'],
    [['overlay', 'ad', 'x'], 'there is no command "ctmgr overlay ad"; did you mean add?', 'ctmgr overlay'],
    [['overlay'], 'ctmgr overlay needs one of: add|list|show|edit|remove|order', 'ctmgr overlay'],
    [['--frobnicate'], 'a command is missing', 'ctmgr'],
    [['list', '--frobnicate=x'], '--frobnicate is not an option of ctmgr list', 'ctmgr list'],
    [['list', '-x'], '-x is not an option of ctmgr list', 'ctmgr list'],
    [['doctor', '--no-jobs=yes'], '--no-jobs is not an option of ctmgr doctor', 'ctmgr doctor'],
    [['list', 'x'], 'too many arguments, "x": ctmgr list', 'ctmgr list'],
    [['list', '--', '--x'], 'too many arguments, "--x": ctmgr list', 'ctmgr list'],
    [
      ['show', 'a', 'b', '--c'],
      '--c is not an option of ctmgr show; too many arguments, "b": ctmgr show <image>',
      'ctmgr show',
    ],
    [['show'], 'an argument is missing: ctmgr show <image>', 'ctmgr show'],
    [['import', 'f', '--name'], '--name needs a value', 'ctmgr import'],
    [['import', 'f'], '--name is missing', 'ctmgr import'],
    [['import', 'f', '--name', 'a', '--name', 'b'], '--name is given twice', 'ctmgr import'],
    [['logs', 'a', '--err', '--out'], '--err and --out exclude each other', 'ctmgr logs'],
    [['completion', 'fish'], 'shell: expected bash, zsh, found "fish"', 'ctmgr completion'],
  ])('%j is a usage error in one line that names what is wrong', async (words, message, name) => {
    await expect(call(words)).rejects.toMatchObject({ code: 'usage', message, hint: `${name} --help` });
  });

  test.each([
    [['rebuild', '--dry-run=yes'], 'dry-run'],
    [['cancel', 'app', '--dry-run=1'], 'dry-run'],
    [['gc', '--delete='], 'delete'],
    [['list', '-P=on'], 'P'],
  ])('%j: a switch takes no value that would count as no', async (words, name) => {
    await expect(call(words)).rejects.toMatchObject({
      code: 'usage',
      message: `--${name} is a switch and takes no value but true and false`,
    });
  });

  test('a switch may be given as true or false, and a value may look like one', async () => {
    expect((await call(['rebuild', '--dry-run=true', '--wait=false'])).argv).toMatchObject({
      'dry-run': true,
      wait: false,
    });
    expect((await call(['rebuild', '--', '--dry-run=yes'])).argv).toMatchObject({ names: ['--dry-run=yes'] });
    expect((await call(['overlay', 'add', 'x', '--run=--wait=yes'])).argv).toMatchObject({ run: ['--wait=yes'] });
  });

  test('--version', async () => {
    expect(await text(['--version'])).toBe('1.2.3\n');
  });
});

test('the command of a line is found whatever its level and options', () => {
  const name = (words: string[]): string | undefined => findSpec(words)?.usage;
  expect(name(['rebuild', '--wait'])).toBe('rebuild [names..]');
  expect(name(['build-all'])).toBe('rebuild [names..]');
  expect(name(['--json', 'overlay', 'add', 'x'])).toBe('overlay add <name>');
  expect(name(['overlay'])).toBeUndefined();
  expect(name(['show', 'rebuild'])).toBe('show <image>');
  expect(name([])).toBeUndefined();
});
