import { describe, expect, test } from '@jest/globals';
import { matchesSource, readSourcePattern } from '../../lib/definitions/source-pattern.ts';
import { compileIgnore, readIgnoreFile } from '../../lib/definitions/ignore-patterns.ts';

describe('compileIgnore', () => {
  test.each<[string[], string, boolean]>([
    [['a'], 'a', true],
    [['a'], 'a/b/c', true],
    [['a'], 'b/a', false],
    [['/a/'], 'a/b', true],
    [['./a/../b'], 'b', true],
    [['*.md'], 'x.md', true],
    [['*.md'], 'd/x.md', false],
    [['*'], '.hidden', true],
    [['**/*.md'], 'x.md', true],
    [['**/*.md'], 'a/b/x.md', true],
    [['a/**'], 'a/b/c', true],
    [['a/**/z'], 'a/z', true],
    [['a/**/z'], 'a/b/c/z', true],
    [['a?c'], 'abc', true],
    [['a?c'], 'a/c', false],
    [['[a-c]x'], 'bx', true],
    [['[^a-c]x'], 'bx', false],
    [['a.b'], 'aXb', false],
    [['a\\*b'], 'a*b', true],
    [['a\\*b'], 'axb', false],
    [['a-b (1)+$'], 'a-b (1)+$', true],
    [['*', '!keep'], 'keep', false],
    [['*', '!keep', 'keep'], 'keep', true],
    [['a', '!a/b', 'a/b/c'], 'a/b/d', false],
    [['a', '!a/b', 'a/b/c'], 'a/b/c', true],
    [['!x'], 'x', false],
    [[''], 'x', false],
  ])('%j: %s', (patterns, path, ignored) => {
    expect(compileIgnore(patterns)(path)).toBe(ignored);
  });

  test('a malformed pattern is told', () => {
    expect(() => compileIgnore(['[z-a]'])).toThrow('"[z-a]" is not a valid pattern');
  });
});

test('comments, blank lines and blanks around a pattern do not count', () => {
  expect(readIgnoreFile('\uFEFF# no\n\n  a b  \n #x\r\n!c\n')).toEqual(['a b', '#x', '!c']);
});

test('no pattern takes long, whatever the path', () => {
  const path = `${'a/'.repeat(200)}b`;
  const patterns = [`${'**/'.repeat(100)}c`, '*a'.repeat(100), `${'**a'.repeat(100)}c`, '!' + '**/a/'.repeat(60) + 'c'];
  expect(compileIgnore(patterns)(path)).toBe(false);
  expect(matchesSource(readSourcePattern('**/a/'.repeat(60) + 'c', true), path)).toBe(false);
});
