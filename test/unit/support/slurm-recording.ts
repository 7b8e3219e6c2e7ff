import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunResult } from '../../../lib/util/run.ts';

/** One call of a command of Slurm's, as test/record took it down. */
export interface RecordedCall {
  command: string;
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** All calls of test/fixtures/slurm/VERSION.txt by the name they were recorded under. */
export function readRecording(version: string): Map<string, RecordedCall[]> {
  const text = readFileSync(join(import.meta.dirname, `../../fixtures/slurm/${version}.txt`), 'utf8');
  const sections = new Map<string, RecordedCall[]>();
  let calls: RecordedCall[] = [];
  for (const line of text.split('\n')) {
    const [, mark = '', rest = ''] = /^(===|[$>!=]) (.*)$/s.exec(line) ?? [];
    const words = rest.replaceAll('\u241F', '\u001F');
    if (mark === '===') sections.set(rest, (calls = []));
    else if (mark === '$') calls.push({ command: words, stdout: '', stderr: '', exitCode: 0 });
    const call = calls.at(-1);
    if (call === undefined) continue;
    if (mark === '>') call.stdout += `${words}\n`;
    if (mark === '!') call.stderr += `${words}\n`;
    if (mark === '=') call.exitCode = Number(words);
  }
  return sections;
}

/** What the first call of `tool` recorded under `name` printed; throws if there is none. */
export function recorded(recording: Map<string, RecordedCall[]>, name: string, tool: string): RecordedCall {
  const call = recording.get(name)?.find(({ command }) => command.split(' ').includes(tool));
  if (call === undefined) throw new Error(`no ${tool} was recorded for ${name}`);
  return call;
}

/** The call as `run` would have returned it. */
export function asResult({ command, stdout, stderr, exitCode }: RecordedCall): RunResult {
  return { command: [command], stdout, stderr, exitCode, signal: undefined, timedOut: false, spawnError: undefined };
}
