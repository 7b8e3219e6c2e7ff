import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { shellJoin, shellQuote } from '../../lib/util/shell-quote.ts';

const nasty = [
  '',
  ' ',
  'plain-word_1.2/3:4,5=6+7@8%9',
  "it's",
  "'",
  "''\\''",
  '"',
  '$HOME ${HOME} $(id) `id`',
  'a;b & c | d > e < f',
  '-n',
  '--',
  '~',
  '~root',
  '*',
  '?',
  '[a-z]',
  '{a,b}',
  '#comment',
  '!event',
  '\\',
  '\\n',
  'line\nbreak\n',
  '\ttab\r',
  'Größe 日本 😀',
  '\u001b[31m',
  'x'.repeat(5000),
  ...Array.from({ length: 127 }, (_, code) => String.fromCharCode(code + 1)),
];

test('/bin/sh reads back exactly the words that were quoted', () => {
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', `printf '%s\\0' ${shellJoin(nasty)}`], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.split('\0').slice(0, -1)).toEqual(nasty);
});

test('and so it does after an assignment', () => {
  for (const word of nasty.slice(0, 26)) {
    const script = `VALUE=${shellQuote(word)}\nprintf %s "$VALUE"`;
    expect(spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).stdout).toBe(word);
  }
});

test('words that need no quotes get none, others have them', () => {
  expect(shellJoin(['sbatch', '--array=1-3%2', 'a b'])).toBe("sbatch --array=1-3%2 'a b'");
});

test('NUL is refused', () => {
  expect(() => shellQuote('a\0b')).toThrow(RangeError);
});
