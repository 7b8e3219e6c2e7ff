import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');

interface SourceImport {
  /** Path from `lib`, such as `store/open.ts`, or the name of a package. */
  to: string;
  typeOnly: boolean;
}

/** What may be imported from where: own layer and everything that stands below it. Files in `lib` itself are free. */
const below: Record<string, string[]> = {
  cli: ['commands', 'store', 'config', 'util'],
  commands: ['definitions', 'builds', 'requests', 'benchmarks', 'service', 'store', 'config', 'util'],
  service: ['builds', 'benchmarks', 'store', 'slurm', 'apptainer', 'registry', 'config', 'util'],
  requests: ['definitions', 'builds', 'store', 'slurm', 'apptainer', 'registry', 'config', 'util'],
  benchmarks: ['builds', 'store', 'slurm', 'apptainer', 'registry', 'config', 'util'],
  builds: ['definitions', 'store', 'slurm', 'apptainer', 'registry', 'config', 'util'],
  definitions: ['store', 'slurm', 'apptainer', 'registry', 'config', 'util'],
  store: ['config', 'util'],
  slurm: ['config', 'util'],
  apptainer: ['config', 'util'],
  registry: ['config', 'util'],
  config: ['util'],
  util: [],
};

/** Packages that only one file or folder may know. */
const owners: Record<string, string> = {
  kysely: 'store/',
  'better-sqlite3': 'store/',
  execa: 'util/run.ts',
  mustache: 'util/template.ts',
  yargs: 'cli/',
  'smol-toml': 'config/',
  'node:child_process': 'util/',
};

const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort();
const sources = new Map(files.map((path) => [path, readFileSync(join(root, 'lib', path), 'utf8')]));

/** Comments and the insides of texts do not count as code. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

function importsOf(path: string, text: string): SourceImport[] {
  const code = withoutComments(text);
  const found = [
    ...code.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm),
    ...code.matchAll(/\bimport()\(\s*'([^']+)'\s*\)/g),
  ];
  return found.map(([, type, to = '']) => ({
    to: to.startsWith('.') ? relative(join(root, 'lib'), join(root, 'lib', dirname(path), to)) : to,
    typeOnly: type !== undefined && type !== '',
  }));
}

function packageOf(name: string): string {
  return name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? name);
}

const isLocal = (to: string): boolean => to.endsWith('.ts');
const layerOf = (path: string): string | undefined => (path.includes('/') ? path.split('/')[0] : undefined);
const allImports = [...sources].flatMap(([from, text]) => importsOf(from, text).map((one) => ({ from, ...one })));

/** Lines `FILE: what` of all files whose code matches. */
function findCode(pattern: RegExp, allowed: (path: string) => boolean): string[] {
  return [...sources].flatMap(([path, text]) => {
    const hit = allowed(path) ? null : pattern.exec(withoutComments(text));
    return hit === null ? [] : [`${path}: ${hit[0]}`];
  });
}

describe('imports', () => {
  test('are found in every form', () => {
    const text = `import a from 'a';\nimport {\n  b,\n  type C,\n} from './b.ts';\nimport type { D } from '../store/d.ts';
      import './side.ts';\nexport { e } from './e.ts';\nconst f = () => import('./f.ts');\n// import g from './g.ts';\n`;
    expect(importsOf('cli/x.ts', text)).toEqual([
      { to: 'a', typeOnly: false },
      { to: 'cli/b.ts', typeOnly: false },
      { to: 'store/d.ts', typeOnly: true },
      { to: 'cli/side.ts', typeOnly: false },
      { to: 'cli/e.ts', typeOnly: false },
      { to: 'cli/f.ts', typeOnly: false },
    ]);
    expect(allImports.length).toBeGreaterThan(files.length);
  });

  test('go down the layers only', () => {
    const wrong = allImports.filter(({ from, to }) => {
      const [source, target] = [layerOf(from), layerOf(to)];
      if (!isLocal(to) || source === undefined || source === target) return false;
      return target === undefined || !(below[source] ?? []).includes(target);
    });
    const typesOnly = ({ from, to, typeOnly }: (typeof wrong)[number]): boolean =>
      typeOnly && layerOf(from) === 'commands' && layerOf(to) === 'slurm';
    expect(wrong.filter((one) => !typesOnly(one)).map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test('stay inside lib, and every folder of lib is a known layer', () => {
    const outside = allImports.filter(({ to }) => isLocal(to) && (to.startsWith('..') || !sources.has(to)));
    expect(outside.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
    const folders = new Set(files.flatMap((path) => layerOf(path) ?? []));
    expect([...folders].filter((folder) => below[folder] === undefined)).toEqual([]);
    expect(files.filter((path) => layerOf(path) === undefined)).toEqual(['main.ts']);
  });

  test.each(Object.entries(owners))('only the owner of %s imports it', (name, owner) => {
    const users = allImports.filter(({ to }) => !isLocal(to) && (to === name || packageOf(to) === name));
    expect(users.length).toBeGreaterThan(0);
    const strangers = users.filter(({ from, typeOnly }) => !from.startsWith(owner) && !typeOnly);
    expect(strangers.map(({ from }) => from)).toEqual([]);
  });
});

describe('code', () => {
  const isFront = (path: string): boolean => path === 'main.ts' || path.startsWith('cli/');

  test('only the command line prints and reads arguments', () => {
    expect(findCode(/\bprocess\.(stdout|stderr|argv)\b|\bconsole\.\w+/, isFront)).toEqual([]);
  });

  test('nothing below the command line ends the process', () => {
    expect(findCode(/\bprocess\.(exit|exitCode|abort|kill)\b/, isFront)).toEqual([]);
  });

  test('nothing is exported without a name', () => {
    expect(findCode(/^export\s+default\b|\bas\s+default\b/m, () => false)).toEqual([]);
  });

  test('no file is longer than 250 lines', () => {
    const long = [...sources].map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }));
    expect(long.filter(({ lines }) => lines > 250)).toEqual([]);
  });

  test('only the registry layer speaks to other hosts', () => {
    expect(findCode(/\bfetch\(|\/v2\//, (path) => path.startsWith('registry/'))).toEqual([]);
  });

  test('no SQL outside the store', () => {
    const statement = /[`'"]\s*(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|create\s+table)\b/i;
    expect(findCode(statement, (path) => path.startsWith('store/'))).toEqual([]);
  });
});

test('no text of the repository speaks of the place where it was written', () => {
  const listing = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  // An unpacked package has no index; then the folder itself is the list.
  const paths =
    listing.status === 0
      ? listing.stdout.split('\0').filter((path) => path !== '')
      : readdirSync(root, { recursive: true, encoding: 'utf8' });
  const wanted = paths.filter((path) => path !== 'package-lock.json' && !/(^|\/)(node_modules|\.git)(\/|$)/.test(path));
  // Written in parts, or this file would find itself.
  const forbidden = [['', 'work', ''].join('/'), ['shared', 'facts'].join('/')];
  const hits = wanted.filter((path) => {
    const text = readText(join(root, path));
    return forbidden.some((word) => text.includes(word));
  });
  expect(wanted.length).toBeGreaterThan(100);
  expect(hits).toEqual([]);
});

/** Empty for what is no file any more (deleted, but still in the index) and for folders. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}
