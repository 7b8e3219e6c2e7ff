import { constants } from 'node:os';
import { quote } from '../util/names.ts';
import { readStringArray } from './convert-commands.ts';
import { expandLiteral, refuse, type Stage, warn } from './dockerfile-stage.ts';
import type { ProblemCode } from './problem-codes.ts';
import { flagValue, type Instruction } from './read-instructions.ts';
import type { HealthCheck } from './recipe-plan.ts';
import { showWord } from './refusal.ts';
import { splitQuoted } from './split-words.ts';

/** EXPOSE: ports and ranges, each kept as `80/tcp`. */
export function convertExpose(stage: Stage, instruction: Instruction): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs a port');
  const words = splitQuoted(instruction.args, instruction.escape)
    .flatMap((word) => expandLiteral(stage, instruction, word).split(/\s+/))
    .filter((word) => word !== '');
  for (const port of words.flatMap((word) => readPorts(instruction, word))) stage.exposed.add(port);
  noEffect(stage, instruction, 'expose', 'all ports of the host are open to the container');
}

/** VOLUME: directories that Docker would put on a volume. */
export function convertVolume(stage: Stage, instruction: Instruction): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs a directory');
  const words = readStringArray(instruction) ?? splitQuoted(instruction.args, instruction.escape);
  const paths = words.map((word) => expandLiteral(stage, instruction, word));
  if (paths.length === 0 || paths.includes('')) throw refuse(instruction, 'syntax', 'a directory is empty');
  for (const path of paths) stage.volumes.add(path);
  noEffect(stage, instruction, 'volume', 'the directories are part of the image, which nobody can write to');
}

/** STOPSIGNAL: checked and kept for the plan, but without effect in a job. */
export function convertStopSignal(stage: Stage, instruction: Instruction): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs a signal');
  const signal = expandLiteral(stage, instruction, instruction.args);
  const name = signal.toUpperCase().replace(/^SIG/, '');
  const known = Object.hasOwn(constants.signals, `SIG${name}`) || /^RTM(IN(\+\d+)?|AX(-\d+)?)$/.test(name);
  if (!known && !/^[1-9]\d?$/.test(signal)) {
    throw refuse(instruction, 'syntax', `there is no signal ${quote(signal)}`, 'write SIGTERM or a number');
  }
  stage.stopSignal = signal;
  noEffect(stage, instruction, 'stop-signal', 'Slurm sends its own signals');
}

/** HEALTHCHECK: kept, but never made a `%test`, which would run while building. */
export function convertHealthcheck(stage: Stage, instruction: Instruction): void {
  const [, kind = '', command = ''] = /^(\S+)\s*(.*)$/s.exec(instruction.args) ?? [];
  const upper = kind.toUpperCase();
  if (upper === 'NONE' && command === '') {
    if (instruction.flags.length > 0) throw refuse(instruction, 'syntax', 'NONE goes with no flags');
    stage.healthcheck = { test: ['NONE'] };
    return;
  }
  if (upper !== 'CMD' || command === '') throw refuse(instruction, 'syntax', 'is neither CMD with a command nor NONE');
  const words = readStringArray({ ...instruction, args: command });
  if (words?.length === 0) throw refuse(instruction, 'syntax', 'the command is empty');
  const retries = flagValue(instruction, 'retries');
  if (retries !== undefined && !/^\d{1,9}$/.test(retries)) throw refuse(instruction, 'syntax', '--retries is a number');
  const check: HealthCheck = { test: words ? ['CMD', ...words] : ['CMD-SHELL', command] };
  for (const [flag, key] of durations) {
    const value = flagValue(instruction, flag);
    if (value === undefined) continue;
    const nanoseconds = readDuration(value);
    if (nanoseconds === undefined || (nanoseconds !== 0 && nanoseconds < 1e6)) {
      throw refuse(instruction, 'syntax', `--${flag} is not a time of 1ms or more`, `write --${flag}=30s`);
    }
    if (nanoseconds > 0) check[key] = nanoseconds;
  }
  if (retries !== undefined && Number(retries) > 0) check.retries = Number(retries);
  stage.healthcheck = check;
  noEffect(stage, instruction, 'healthcheck', 'nothing runs health checks in a job');
}

/** ONBUILD: kept as text for images that are based on this one. */
export function convertOnbuild(stage: Stage, instruction: Instruction): void {
  const keyword = (/^\S+/.exec(instruction.args)?.[0] ?? '').toUpperCase();
  if (keyword === '') throw refuse(instruction, 'syntax', 'needs an instruction');
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(keyword)) {
    throw refuse(instruction, 'syntax', `${keyword} cannot be triggered`, 'write the instruction in the other file');
  }
  const texts = instruction.heredocs.map(({ text, name }) => `\n${text}${name}`);
  stage.onbuild.push(instruction.args + texts.join(''));
}

const durations = [
  ['interval', 'interval'],
  ['timeout', 'timeout'],
  ['start-period', 'startPeriod'],
  ['start-interval', 'startInterval'],
] as const;

const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Nanoseconds of `1h30m`, as Go's time.ParseDuration reads it. */
function readDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return Math.round(parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit as string] ?? 0), 0));
}

/** `80`, `80/udp`, `8000-8002/tcp`, and `[host:]port:port`, of which the last counts (docker/go-connections, nat). */
function readPorts(instruction: Instruction, word: string): string[] {
  const fail = () => refuse(instruction, 'syntax', `${quote(word)} is not a port`, 'write 80, 80/udp or 8000-8002');
  const [range = '', protocol = 'tcp', ...more] = word.split('/');
  const [, first = '', last = first] = /(?:^|:)(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === '' || more.length > 0 || !/^(tcp|udp|sctp)$/i.test(protocol)) throw fail();
  if (from > to || to > 65_535) throw fail();
  return Array.from({ length: to - from + 1 }, (_, offset) => `${from + offset}/${protocol.toLowerCase()}`);
}

function noEffect(stage: Stage, instruction: Instruction, code: ProblemCode, message: string): void {
  warn(stage, instruction, code, `${showWord(instruction.text)} has no effect: ${message}`);
}
