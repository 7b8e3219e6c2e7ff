import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { problemCodes } from '../../lib/definitions/problem-codes.ts';

const root = join(import.meta.dirname, '../..');

test('README.md has the table of all codes', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `([a-z-]+)` \| (invalid|refused|warning) \| (.+) \|$/gm)];
  const listed = rows.map(([, code, outcome, text]) => [code, [outcome, text]]);
  expect(listed).toEqual(Object.entries(problemCodes));
});

test('every code is used', () => {
  const folder = join(root, 'lib/definitions');
  const sources = readdirSync(folder).filter((name) => name !== 'problem-codes.ts');
  const text = sources.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  expect(Object.keys(problemCodes).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});
