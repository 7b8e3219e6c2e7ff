import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { definitionFor, sectionOf } from './support/definition-section.ts';

/**
 * What a definition makes a shell do: its `%post` and `%runscript` are taken as Apptainer would take them and given to real shells;
 * a program in place of the recipe's own writes down the arguments that reach it.
 */
let folder: string;
let printer: string;
let output: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-shell-'));
  printer = join(folder, 'printer');
  output = join(folder, 'output');
  writeFileSync(printer, `#!/bin/sh\nprintf '%s\\0' "$#" "$@" >>${output}\n`);
  chmodSync(printer, 0o755);
});
beforeEach(() => rmSync(output, { force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(dockerfile: string, name: string, buildArgs: Record<string, string> = {}): string {
  return sectionOf(definitionFor(dockerfile, buildArgs), name);
}

/** Runs a script and returns the argument lists that the printer got. */
function calls(shell: string, text: string, args: string[] = [], env: Record<string, string> = {}): string[][] {
  const file = join(folder, 'script');
  writeFileSync(file, text);
  rmSync(output, { force: true });
  execFileSync(shell, ['-e', file, ...args], { cwd: '/', env: { PATH: `${folder}:${process.env['PATH']}`, ...env } });
  const words = readFileSync(output, 'utf8').split('\0').slice(0, -1);
  const lists: string[][] = [];
  while (words.length > 0) lists.push(words.splice(0, Number(words.shift())));
  return lists;
}

const nasty = [
  'plain',
  '',
  ' ',
  "it's",
  `"'"'"`,
  '$HOME `id` $(id) ${X} $$',
  'a\\nb \\ \\\\',
  '* ? [a-z] ~ {a,b}',
  '; & | > < ( ) # !',
  '{{x}} {{ y }} {{{z}}} {{.State}} {',
  'line\n%post\n  %wheel\n\t%files x',
  '%begin',
  'Bootstrap: x\nbootstrap: docker\nFrom: y',
  'carriage\r\nreturn\r\n%x\r',
  'grüße ✓ 😀 \u00a0%x\n\u00a0%y\n\u2003%z',
  '-n',
  '--',
  "'".repeat(3000),
  'x{{'.repeat(2000),
  '5000'.repeat(1250),
  'é%\n'.repeat(9000),
  'tab\tvertical\v\u0001',
];

describe.each(['dash', 'bash'])('under %s', (shell) => {
  test('exec forms of RUN get exactly their arguments, alone and all at once', () => {
    const lists = [...nasty.map((word) => [word]), nasty];
    const dockerfile = ['FROM a', ...lists.map((list) => `RUN ${JSON.stringify([printer, ...list])}`)];
    const split = dockerfile.map((line) => line.replaceAll(',"', ',\\\n"')).join('\n');
    expect(calls(shell, script(split, 'post'))).toEqual(lists);
  });

  test('shell forms of RUN get exactly their text', () => {
    const texts = nasty
      .filter((text) => text.trim() !== '' && !/[\n\r]/.test(text))
      .map((text) => `x ${text.trim()} end`);
    const post = script(['FROM a', 'WORKDIR /tmp', ...texts.map((text) => `RUN ${text}`)].join('\n'), 'post');
    const lists = calls(shell, post.replaceAll('exec /bin/sh', `exec ${printer}`));
    expect(lists).toEqual(texts.map((text) => ['-c', text]));
  });

  test('plain lines do what a shell of their own does', () => {
    const texts = [
      `printer 'a  b' "c'd"e >>/dev/null`,
      'printer /nonexistent* a=b %x -- 2>&1',
      `printer "x"'y'z && printer b &&   printer "c  d"`,
    ];
    for (const text of texts) {
      const post = script(`FROM a\nRUN ${text}`, 'post');
      expect(post).not.toContain('/bin/sh');
      expect(calls(shell, post)).toEqual(calls(shell, `/bin/sh -c '${text.replaceAll("'", "'\\''")}'`));
    }
  });

  test('a RUN leaves nothing behind but its files, and a failing one ends the build', () => {
    const post = script(
      'FROM a\nRUN cd /usr; X=1; export X; set +e; umask 077\nRUN false; true\nRUN printer "$PWD" "${X-unset}"\nRUN false && true\nRUN printer reached',
      'post',
    );
    expect(() => calls(shell, post)).toThrow('Command failed');
    expect(readFileSync(output, 'utf8')).toBe('2\0/\0unset\0');
  });

  test('values of ENV and ARG reach RUN unchanged, with those of the base image', () => {
    const buildArgs = Object.fromEntries(nasty.map((word, index) => [`V${index}`, word]));
    const names = Object.keys(buildArgs);
    const dockerfile = [
      'FROM a',
      ...names.map((name) => `ARG ${name}`),
      'ENV BASE=x${BASE:+:$BASE} OTHER=[$BASE]',
      'ENV BASE=y:$BASE EMPTY=${UNSET:-}',
      `RUN printer ${[...names, 'BASE', 'OTHER', 'EMPTY'].map((name) => `"$${name}"`).join(' ')}`,
    ];
    expect(calls(shell, script(dockerfile.join('\n'), 'post', buildArgs), [], { BASE: 'b $c' })).toEqual([
      [...nasty, 'y:x:b $c', '[b $c]', ''],
    ]);
  });

  test('the runscript gives ENTRYPOINT its own arguments and then those of the caller, or CMD', () => {
    const start = (dockerfile: string, ...args: string[]) => calls(shell, script(dockerfile, 'runscript'), args);
    const words = JSON.stringify([printer, ...nasty.slice(0, 12)]);
    const json = JSON.stringify(nasty.slice(0, 12));
    const both = `FROM a\nENTRYPOINT ${words}\nCMD ${json}`;
    expect(start(both)).toEqual([[...nasty.slice(0, 12), ...nasty.slice(0, 12)]]);
    expect(start(both, '')).toEqual([[...nasty.slice(0, 12), '']]);
    expect(start(both, 'a b', '$HOME', "'")).toEqual([[...nasty.slice(0, 12), 'a b', '$HOME', "'"]]);
    expect(start(`FROM a\nENTRYPOINT []\nCMD ["${printer}", "c d"]`)).toEqual([['c d']]);
    expect(start(`FROM a\nENTRYPOINT []\nCMD ["x"]`, printer, 'e')).toEqual([['e']]);
    expect(start(`FROM a\nENTRYPOINT ${printer} "$0" "$@" $X`, 'a', 'b c')).toEqual([['a', 'b c']]);
  });

  test('with CMD alone the entrypoint of the base image gets it', () => {
    const text = script('FROM a\nCMD ["a b", "$HOME"]', 'runscript').replace('/.singularity.d/runscript.base', printer);
    expect(calls(shell, text)).toEqual([['a b', '$HOME']]);
    expect(calls(shell, text, ["x'y"])).toEqual([["x'y"]]);
  });
});
