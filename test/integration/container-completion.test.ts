import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

const completion = join(import.meta.dirname, '../../spank/completion.bash');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-completion-'));
  mkdirSync(join(folder, 'share/current'), { recursive: true });
  for (const name of ['hello', 'help.er', 'other']) writeFileSync(join(folder, 'share/current', `${name}.sif`), '');
  symlinkSync('nowhere', join(folder, 'share/current/heir.sif'));
  writeFileSync(join(folder, 'config.toml'), `[paths]\nshare = "${folder}/share" # here\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash would offer for the last word of each of these lines of ctmgr. */
function offeredByOwn(...lines: string[][]): string[][] {
  const complete = lines.map((words) => `offer ${words.join(' ')}`).join('\n');
  const script = `eval "$("$1" completion bash)"
offer() { COMP_WORDS=(ctmgr "$@"); COMP_CWORD=$#; _ctmgr; echo "\${COMPREPLY[@]}"; }
${complete}`;
  const result = spawnSync('bash', ['--norc', '-c', script, 'bash', join(completion, '../../bin/ctmgr')], {
    encoding: 'utf8',
    env: { ...process.env, CTMGR_CONFIG: join(folder, 'config.toml') },
  });
  expect(result.stderr).toBe('');
  const offers = result.stdout.split('\n').slice(0, -1);
  return offers.map((line) => line.split(' ').filter((word) => word !== ''));
}

/** What bash would offer for the last of these words, as it cuts them. */
function offered(...words: string[]): string[] {
  const script = `_slurm() { COMPREPLY=("slurm:$1"); }; complete -F _slurm srun
. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ctmgr_complete "$1"; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const result = spawnSync('bash', ['--norc', '-c', script, 'bash', completion, ...words], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', CTMGR_CONFIG: join(folder, 'config.toml') },
  });
  expect(result.stderr).toBe('');
  return result.stdout.split('\n').filter((word) => word !== '');
}

test('names of images that can be read are offered after --container, anything else is left to Slurm', () => {
  expect(offered('srun', '--container', '=', 'he')).toEqual(['hello', 'help.er']);
  expect(offered('sbatch', '-N1', '--container', '=')).toEqual(['hello', 'help.er', 'other']);
  expect(offered('salloc', '--container', 'o')).toEqual(['other']);
  expect(offered('salloc', '--container', 'x')).toEqual([]);
  expect(offered('srun', '--part')).toEqual(['slurm:srun']);
  expect(offered('srun', '--partition', '=', 'he')).toEqual(['slurm:srun']);
  expect(offered('sbatch', 'he')).toEqual([]);
});

test('commands, their options and names of images are offered for ctmgr', () => {
  expect(
    offeredByOwn(['hi'], ['show', 'h'], ['jobs', 'hello', '--s'], ['overlay', 'a'], ['overlay', 'add', 'h']),
  ).toEqual([['history'], ['hello', 'help.er'], ['--since'], ['add'], []]);
});
