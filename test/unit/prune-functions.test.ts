import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { compileIgnore } from '../../lib/definitions/ignore-patterns.ts';
import { pruneFunctions, shellPattern } from '../../lib/definitions/prune-functions.ts';

/** What the shell functions leave is what `.dockerignore`'s own rules leave, which another test knows. */
const paths = [
  'a.md',
  'b',
  '.h.md',
  'd/a.md',
  'd/e/f.md',
  'd/e/g',
  'x y/[z]',
  'x y/*',
  'de/o.txt',
  '!bang',
  'back\\slash',
];
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ctmgr-prune-'));
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
});
afterEach(() => rmSync(root, { recursive: true }));

function left(shell: string, skip: string[], only: string[]): string[] {
  const script = `${pruneFunctions}\nctmgr_prune "$1" x`;
  const list = (patterns: string[]): string => patterns.map(shellPattern).join('\n');
  const env = { ...process.env, ctmgr_skip: list(skip), ctmgr_only: list(only) };
  execFileSync(shell, ['-e', '-c', script, 'sh', root], { env });
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
}

const lists = [
  ['*.md'],
  ['**/*.md'],
  ['d'],
  ['d', '!d/e/g'],
  ['**', '!**/f.md'],
  ['d/**'],
  ['d/**/f.md', 'x y/\\[z]', 'x y/\\*'],
  ['[!a-z]*'],
  ['[^a-z]*', '?'],
  ['/d/./e/../e/', 'back\\\\slash'],
  ['*/*', '!*/a.md', 'd/a.md'],
];

test.each(['dash', 'bash'].flatMap((shell) => lists.map((list) => [shell, list] as const)))('%s: %j', (shell, list) => {
  const ignored = compileIgnore(list);
  expect(left(shell, list, [])).toEqual(paths.filter((path) => !ignored(path)).toSorted());
});

test.each(['dash', 'bash'])('%s: with --parents only what is named stays', (shell) => {
  expect(left(shell, ['**/g'], ['d/e', '*/o*'])).toEqual(['d/e/f.md', 'de/o.txt']);
});

test.each(['a**b', '', '/', 'a\nb', '!'])('%j cannot be said', (pattern) => {
  expect(shellPattern(pattern)).toBeUndefined();
});
