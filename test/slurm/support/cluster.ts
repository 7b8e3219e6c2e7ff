import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { clusterEnvironment } from './cluster-environment.ts';

const script = join(import.meta.dirname, '../../cluster/cluster');

const environment = clusterEnvironment(Number(process.env['JEST_WORKER_ID'] ?? 1));

export interface Place {
  user?: string;
  node?: string;
  /** Variables for the command; only CTMGR_* and NO_COLOR get through. */
  env?: Record<string, string>;
  input?: string;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts a command in the cluster and leaves it to the caller. */
export function start(words: string[], place: Place = {}): ChildProcess {
  const where = [...(place.user ? ['-u', place.user] : []), ...(place.node ? ['-n', place.node] : [])];
  return spawn(script, ['exec', ...where, '--', ...words], {
    env: { ...environment, ...place.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Runs a command in the cluster to its end. */
export async function exec(words: string[], place: Place = {}): Promise<Ended> {
  const child = start(words, place);
  // A command need not read what it is given: it may have ended before.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(place.input ?? '');
  return ended(child);
}

/** Waits for a started command and collects what it printed since the call. */
export function ended(child: ChildProcess): Promise<Ended> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (data: Buffer) => out.push(data));
  child.stderr?.on('data', (data: Buffer) => err.push(data));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

/** Runs a command that has to succeed; its standard output without the last line break. */
export async function output(words: string[], place: Place = {}): Promise<string> {
  const { code, stdout, stderr } = await exec(words, place);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout.replace(/\n$/, '');
}

/** For what a test starts from: throws with what the command said unless it ended with 0. */
export async function required(end: Promise<Ended>): Promise<Ended> {
  const result = await end;
  if (result.code !== 0) throw new Error(`ended with ${result.code}: ${result.stderr}${result.stdout}`);
  return result;
}

export async function fault(name: string): Promise<void> {
  await control('fault', name);
}

export async function heal(name: string): Promise<void> {
  await control('heal', name);
}

/**
 * Waits until `condition` holds; fails with `what` and the last value after `seconds`. That is only to end a wait for what never
 * comes: it is many times as long as anything takes on a busy machine.
 */
export async function until<Value>(
  what: string,
  read: () => Promise<Value>,
  condition: (value: Value) => boolean,
  seconds = 180,
): Promise<Value> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (condition(value)) return value;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s; last: ${JSON.stringify(value)}`);
    await delay(100);
  }
}

async function control(verb: string, name: string): Promise<void> {
  const result = await ended(spawn(script, [verb, name], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] }));
  if (result.code !== 0) throw new Error(`cluster ${verb} ${name} ended with ${result.code}: ${result.stderr}`);
}
