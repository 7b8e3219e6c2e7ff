import { expect, test } from '@jest/globals';
import { GitSourceError, isGitSource, readGitSource } from '../../lib/definitions/git-source.ts';
import { parseDockerfile } from '../../lib/definitions/parse-dockerfile.ts';
import { sectionOf, definitionFor } from './support/definition-section.ts';

test.each([
  ['https://h/x.git', true],
  ['http://h:80/a/x.git#v1', true],
  ['https://h/x.git?ref=v1', true],
  ['git://h/x', true],
  ['GIT://h/x', true],
  ['ssh://git@h/x', true],
  ['git@github.com:a/x.git', true],
  ['https://h/x.git/archive.tar', false],
  ['https://h/x?y=.git', false],
  ['github.com/a/x', false],
  ['x.git', false],
])('%s is a git repository: %s', (source, isGit) => {
  expect(isGitSource(source)).toBe(isGit);
});

test.each([
  ['git://h/x', { remote: 'git://h/x', ref: '', folder: '', submodules: true }],
  ['git://h/x#a/b:/c/../d/./e/', { ref: 'a/b', folder: 'd/e' }],
  ['git://h/x#:d', { ref: '', folder: 'd' }],
  [
    'git://h/x?branch=b&subdir=d&submodules=0&keep-git-dir',
    { remote: 'git://h/x', ref: 'refs/heads/b', folder: 'd', submodules: false, keepGitDir: true },
  ],
  ['git://h/x?tag=refs/tags/v&commit=abc&mtime=commit', { ref: 'refs/tags/v', checksum: 'abc' }],
  [`git://h/x?checksum=${'a'.repeat(40)}&fetch-by-commit=true#main`, { ref: 'a'.repeat(40), checksum: 'a'.repeat(40) }],
])('%s is taken apart', (source, parts) => {
  expect(readGitSource(source)).toMatchObject(parts);
});

test.each(['?ref=a#b', '?tag=a&branch=b', '?subdir=', '?keep-git-dir=perhaps', '#%zz'])(
  '%s is not accepted',
  (rest) => {
    expect(() => readGitSource(`git://h/x${rest}`)).toThrow(GitSourceError);
  },
);

test('what is not one commit for ever is said', () => {
  const codes = (source: string) =>
    parseDockerfile(`FROM a\nADD ${source} /x`, { buildArgs: {} }).warnings.map(({ code }) => code);
  expect(codes('git://h/x.git#main')).toContain('url-unchecked');
  expect(codes('git://h/x.git')).toContain('url-unchecked');
  expect(codes(`git://h/x.git#${'0'.repeat(40)}`)).not.toContain('url-unchecked');
  expect(codes('--checksum=abc git://h/x.git#main')).not.toContain('url-unchecked');
});

test('all parts reach the build host as words of their own', () => {
  const setup = sectionOf(
    definitionFor("FROM a\nADD --keep-git-dir git://h/x\\'.git#v;1 /x\nADD git://h/y#r:s /y"),
    'setup',
  );
  expect(setup).toContain(`copy-0 'git://h/x'\\''.git' 'v;1' '' '' keep submodules`);
  expect(setup).toContain(`copy-1 git://h/y r s '' '' submodules`);
});
