import { type Ended, exec } from './cluster.ts';
import type { Site } from './site.ts';

/**
 * Runs ctmgr under strace, which kills it when it begins its `count`-th system call of this name (on this file). Unlike a signal
 * from another process it comes at that very step, however busy the machine is.
 */
export function killAtCall(site: Site, call: string, count: number, words: string[], file?: string): Promise<Ended> {
  const trace = [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${call}`,
    ...(file === undefined ? [] : ['-P', file]),
  ];
  const inject = ['-e', `inject=${call}:signal=SIGKILL:when=${count}`];
  // strace counts for each thread; one thread for all that is not SQLite makes the order of the calls a fixed one.
  return exec(['env', 'UV_THREADPOOL_SIZE=1', ...trace, ...inject, 'ctmgr', ...words], { env: site.env });
}
