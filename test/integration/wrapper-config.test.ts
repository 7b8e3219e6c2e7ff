import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { array, constantFrom, sample } from 'fast-check';
import { parse } from 'smol-toml';

const spank = join(import.meta.dirname, '../../spank');
const image = 'my.app';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-wrapper-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads each file in a shell of its own, as the wrapper does, and prints what it found. */
const script = `
ctmgr_newline='
'
ctmgr_name=${image}
ctmgr_fail() { printf refused; exit; }
. ${spank}/read-config.sh
. ${spank}/read-containers.sh
for ctmgr_each; do
  ( CTMGR_CONFIG=$ctmgr_each; ctmgr_read_config; ctmgr_read_containers
    printf '%s\\n' "share $ctmgr_share" "path $ctmgr_apptainer" "bin_dir $ctmgr_bin_dir" "$ctmgr_settings" )
  printf '\\0'
done`;

/** What the shell makes of configurations, sorted lines each; 'refused' for one that it does not read. */
function asRead(shell: string[], texts: string[]): (string[] | 'refused')[] {
  const files = texts.map((text, index) => {
    const file = join(folder, `${index}.toml`);
    writeFileSync(file, text);
    return file;
  });
  const [program = '', ...options] = shell;
  const result = spawnSync(program, [...options, '-uc', script, 'sh', ...files], { encoding: 'utf8' });
  expect(result).toMatchObject({ status: 0, stderr: '' });
  return result.stdout
    .split('\0')
    .slice(0, -1)
    .map((text) => (text === 'refused' ? text : text.split('\n').filter(Boolean).sort()));
}

type Table = Record<string, unknown>;
const tableIn = (table: Table, ...keys: string[]): Table =>
  keys.reduce((found, key) => (found[key] ?? {}) as Table, table);

const textAt = (root: Table, table: string, key: string): string | undefined =>
  tableIn(root, table)[key] as string | undefined;

/** The same from a real TOML parser. */
function asMeant(toml: string): string[] {
  const root = parse(toml.replace(/^\u{feff}/u, '')) as Table;
  const settings = (table: Table): string[] => {
    const list = (key: string, word: string): string[] =>
      ((table[key] ?? []) as string[]).map((one) => `${word} ${one}`);
    const plain = ['gpu', 'mount_home', 'user_images', 'batch_script'].filter((key) => table[key] !== undefined);
    const variables = Object.entries(tableIn(table, 'environment'));
    return [
      ...list('binds', 'bind'),
      ...list('arguments', 'argument'),
      ...plain.map((key) => `${key} ${String(table[key])}`),
      ...variables.map(([name, value]) => `variable ${name}=${String(value)}`),
    ];
  };
  const own = settings(tableIn(root, 'containers', 'images', image));
  const kind = (line: string): string => line.split(' ')[0] ?? '';
  const replaced = new Set(own.map(kind).filter((word) => word !== 'variable'));
  const general = settings(tableIn(root, 'containers')).filter((line) => !replaced.has(kind(line)));
  return [
    `share ${textAt(root, 'paths', 'share') ?? '/srv/ctmgr'}`,
    `path ${textAt(root, 'apptainer', 'path') ?? '/usr/bin/apptainer'}`,
    `bin_dir ${textAt(root, 'slurm', 'bin_dir') ?? ''}`,
    ...general,
    ...own,
  ].sort();
}

const shells = [['/usr/bin/dash'], ['/bin/bash', '--posix']];
const read = [
  '',
  '[paths]\nshare = "/a b/c" # here\n[apptainer]\npath = \'/opt/a\'\n[slurm]\nbin_dir="/opt/s"',
  '\u{feff}[paths]\r\nshare = "/a"\r\n\r\n[build]\r\nuser = "x"\r\n',
  '[ paths ]\n  "share"\t=\t"/a"\n',
  '# share = "/no"\n[paths] # """\nstate = "/s"\nshare = "/a"\n[build]\nshare = "/no"\n',
  '[classes.default]\narguments = [\n  "--x",\n]\n[paths]\nshare = "/a"\n',
  '[[schedules]]\nname = "n"\n[[schedules]]\nname = "m"\n[paths]\nshare = "/a"\n',
  '[containers]\nbinds = ["/p", \'/q:/q:ro\']\ngpu = "none"\nmount_home = false\nuser_images = true\n',
  '[containers]\nbinds = [ # all\n  "/p", # "/no"\n\n  "/q",\n]\narguments = ["--a=b c", "[x]", "#"]\n',
  '[containers]\nenvironment = { A = "1", B_2 = "x y", C = "=" }\n',
  '[containers.environment]\nA = "it\'s"\n"B" = "2"\n[logging]\nA = "no"\n',
  '[containers]\nbinds = ["/p"]\ngpu = "amd"\n[containers.images."my.app"]\nbinds = ["/own"]\n[containers.images.other]\ngpu = "none"\n',
  '[containers.images.\'my.app\'.environment]\nX = "own"\n[containers.environment]\nX = "all"\n',
  '[containers.images.my]\ngpu = "none"\n[containers.images."my.app.environment"]\ngpu = "amd"\n[containers]\nbatch_script = "inside"\n',
  '[containers]\ngpu = "none"\n[containers.images."my.app"]\nbinds = []\n[notify]\nexec = ["/bin/x", "a\\\\b"]\n',
];
/** Valid TOML, or nearly, in forms that the wrapper does not read: a default instead would be a guess. */
const refused = [
  'paths = { share = "/a" }',
  'paths.share = "/a"',
  '"paths".share = "/a"',
  '["paths"]\nshare = "/a"',
  '[paths]\nshare = """/a"""',
  "[paths]\nshare = '''/a'''",
  '[paths]\nshare = "/a\\u0020b"',
  '[paths]\nshare = "a"',
  '[paths]\nshare = "/a" x',
  '[paths]\nshare = "/a"b"',
  '[paths]\nshare = 1',
  '"pa\\u0074hs".share = "/a"',
  '[slurm]\nbin_dir = ["/a"]',
  'containers.gpu = "none"',
  'containers = { gpu = "none" }',
  '["containers"]\ngpu = "none"',
  '[containers."images".x]\ngpu = "none"',
  '[containers.images]\nx = { gpu = "none" }',
  '[containers]\nimages = { x = { gpu = "none" } }',
  '[containers]\nimages.x.gpu = "none"',
  '[containers]\nenvironment.A = "1"',
  '[containers]\nenvironment = "A"',
  '[containers]\nenvironment = { "A-B" = "1" }',
  '[containers.environment]\nA-B = "1"',
  '[containers]\nbinds = ["/a\\u0062"]',
  '[containers]\nbinds = ["""/a"""]',
  '[containers]\nbinds = ["/a',
  '[containers]\ngpu',
  '[containers]\nbinds = [["/a"]]',
  '[containers.environment]\nA = ["1"]',
];

describe.each(shells)('config.toml, as the wrapper reads it with %s', (...shell) => {
  test('means what TOML says', () => {
    expect(asRead(shell, read)).toEqual(read.map(asMeant));
  });

  test('is refused rather than guessed', () => {
    const found = asRead(shell, refused);
    expect(found.map((lines, index) => [refused[index], lines])).toEqual(refused.map((text) => [text, 'refused']));
  });
});

/** Tables, keys, values and bits of syntax, thrown together; most of it is no TOML. */
const pieces = constantFrom(
  '[paths]',
  '[containers]',
  `[containers.images."${image}"]`,
  '[containers.environment]',
  '[slurm]',
  '[x.y]',
  'share = "/a"',
  "share = '/b' # c",
  'bin_dir = "/d"',
  'gpu = "none"',
  'binds = ["/p", "/q"]',
  'binds = [',
  '"/r",',
  ']',
  '# x',
  '',
  'A = "1"',
  'environment = { B = "2" }',
  'mount_home = false',
  'x = """',
  'share = "/\\u0041"',
  '"share" = "/e"',
  'paths.share = "/f"',
  '"""',
  "'''",
  'y = [["a"], ["b"]]',
  'z = "[paths]"',
  'gpu = "x" # "',
);

test('no file that is TOML is read as something else', () => {
  const texts = sample(array(pieces, { maxLength: 7 }), { numRuns: 400, seed: 20 }).map((lines) => lines.join('\n'));
  const wanted = texts.map((text) => {
    try {
      return asMeant(text);
    } catch {
      return undefined;
    }
  });
  const [shell = []] = shells;
  const found = asRead(shell, texts);
  const valid = texts
    .map((text, index) => ({ text, wanted: wanted[index], found: found[index] }))
    .filter((one) => one.wanted);
  expect(valid.filter((one) => one.found !== 'refused').length).toBeGreaterThan(50);
  expect(valid.filter((one) => one.found !== 'refused' && one.found?.join() !== one.wanted?.join())).toEqual([]);
});
