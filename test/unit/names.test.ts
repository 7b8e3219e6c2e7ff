import { describe, expect, test } from '@jest/globals';
import { escapeControls, escapeForTerminal } from '../../lib/util/escape-controls.ts';
import { checkName, checkTag, isName, isTag, parseReference, quote } from '../../lib/util/names.ts';

const hostile = [
  '',
  ' ',
  '.',
  '..',
  '../etc/passwd',
  'a/b',
  '/abs',
  '-rf',
  '--help',
  '.hidden',
  'trailing-',
  'trailing.',
  'Upper',
  'a b',
  'a\tb',
  'a\n',
  '\na',
  'a\0b',
  '$(id)',
  '`id`',
  'a;id',
  'a|b',
  'a&b',
  "a'b",
  'a"b',
  'a\\b',
  'a*',
  'a%j',
  'ä',
  'a\u200bb',
  'a\u202eb',
  '日本',
  'x'.repeat(65),
  'x'.repeat(5000),
];

describe('names', () => {
  test.each(['a', '7', 'lammps', 'open-foam_2.1', 'a..b', 'x'.repeat(64), 'constructor'])('%j is one', (text) => {
    expect(isName(text)).toBe(true);
    expect(checkName(text, 'recipe')).toBe(text);
    expect(parseReference(text)).toEqual({ name: text });
  });

  test.each(hostile)('%j is none', (text) => {
    expect(isName(text)).toBe(false);
    for (const attempt of [() => checkName(text, 'recipe'), () => parseReference(text)]) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'usage' }));
    }
  });

  test.each(hostile)('the refusal of %j says which name is meant, in one short printable line', (text) => {
    expect(() => checkName(text, 'overlay')).toThrow(/^[^\p{Cc}\u202e]{0,200} is not a valid overlay name$/u);
  });
});

describe('tags', () => {
  test.each(['2026-11-22.1', '2026-01-01.999999'])('%j is one', (text) => {
    expect(isTag(text)).toBe(true);
    expect(checkTag(text)).toBe(text);
  });

  test.each([
    '',
    '2026-11-22',
    '2026-11-22.0',
    '2026-11-22.01',
    '2026-11-22.1\n',
    '../2026-11-22.1',
    '26-1-2.1',
    'latest',
  ])('%j is none', (text) => {
    expect(isTag(text)).toBe(false);
    expect(() => checkTag(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('references', () => {
  const hex = '0123456789abcdef'.repeat(4);

  test('NAME:TAG and NAME@sha256:HEX', () => {
    expect(parseReference('app:2026-11-22.1')).toEqual({ name: 'app', tag: '2026-11-22.1' });
    expect(parseReference(`app@sha256:${hex}`)).toEqual({ name: 'app', sha256: hex });
  });

  test.each([
    'app:',
    'app:latest',
    ':2026-11-22.1',
    'app:2026-11-22.1:x',
    'app@',
    `@sha256:${hex}`,
    `app@sha256:${hex.toUpperCase()}`,
    `app@sha256:${hex.slice(1)}`,
    `app@sha256:${hex}0`,
    `app@md5:${hex}`,
    `app:2026-11-22.1@sha256:${hex}`,
    `../app@sha256:${hex}`,
  ])('%j is none', (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('texts in messages', () => {
  test('are quoted and cut', () => {
    expect(quote('a"b')).toBe(String.raw`"a\"b"`);
    expect(quote('x'.repeat(81))).toBe(`"${'x'.repeat(77)}..."`);
    expect(quote('\u001b[31m\u009b1m\u007f')).toBe(String.raw`"\u001b[31m\u009b1m\u007f"`);
  });

  test('hold nothing that a terminal obeys, and everything else as it was', () => {
    expect(escapeControls('a\nb\tc\r\0\u0085\u2028\u202e')).toBe(String.raw`a\nb\tc\r\u0000\u0085\u2028\u202e`);
    expect(escapeControls('Größe 日本 😀 "\\"')).toBe('Größe 日本 😀 "\\"');
    const printed = '\u001b[1;31mred\u001b[0m\tx\n\u001b]0;title\u0007\u001b[2J\r50 %';
    expect(escapeForTerminal(printed)).toBe('red\tx\n\\u001b]0;title\\u0007\\u001b[2J\\r50 %');
  });
});
