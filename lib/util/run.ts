import { execa } from 'execa';

export interface RunOptions {
  /** Milliseconds until the process gets SIGTERM; none by default. */
  timeout?: number;
  /**
   * Milliseconds until the process and all that it has started are killed; for programs that are not to be trusted to end.
   * With it, `cancel` kills them too.
   */
  killAfter?: number;
  /** The process gets SIGTERM when this is aborted. */
  cancel?: AbortSignal;
  /** Text for standard input; without it the process reads end of file at once. */
  input?: string;
  cwd?: string;
  /** For root: who the process runs as, without further groups. */
  account?: { uid: number; gid: number } | undefined;
  /** The whole environment of the process; `cleanEnvironment()` by default. */
  env?: Record<string, string>;
  /** Doing it twice is not the same as doing it once: see `run` about SIGINT. */
  once?: boolean;
}

/** How a process ended. Exactly one of `exitCode`, `signal`, `spawnError` says why; `timedOut` goes with a signal. */
export interface RunResult {
  command: readonly string[];
  stdout: string;
  stderr: string;
  exitCode: number | undefined;
  signal: string | undefined;
  timedOut: boolean;
  /** The process never started: ENOENT, EACCES and the like. */
  spawnError: string | undefined;
}

/**
 * Runs a program with an argument list (never through a shell) and waits for its end. Never throws for a failing
 * program: the caller decides what its end means. The C locale keeps other programs' words as their parsers know them.
 *
 * It has a session of its own, so that Ctrl-C goes to us, and not to an sbatch whose answer would be lost by it. A process
 * that is forked and not yet in its session can be hit all the same, and dies before its program begins (libuv unblocks
 * signals after setsid): what SIGINT has ended is started again, unless `once` says that it must not be.
 */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await runOnce(file, args, options);
  const hit = result.signal === 'SIGINT' && !result.timedOut && options.once !== true;
  return hit ? runOnce(file, args, options) : result;
}

async function runOnce(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const running = execa(file, args, {
    reject: false,
    extendEnv: false,
    env: options.env ?? cleanEnvironment(),
    stripFinalNewline: false,
    detached: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.account === undefined ? {} : { uid: options.account.uid, gid: options.account.gid }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.cancel === undefined ? {} : { cancelSignal: options.cancel }),
  });
  let overdue = false;
  const kill = (): void => killGroup(running.pid);
  const timer =
    options.killAfter === undefined ? undefined : setTimeout(() => (kill(), (overdue = true)), options.killAfter);
  if (timer !== undefined) options.cancel?.addEventListener('abort', kill);
  const result = await running.finally(() => {
    clearTimeout(timer);
    options.cancel?.removeEventListener('abort', kill);
  });
  const started = result.exitCode !== undefined || result.signal !== undefined || result.timedOut;
  return {
    command: [file, ...args],
    stdout: result.stdout,
    stderr: result.stderr,
    exitCode: result.exitCode,
    signal: result.signal,
    timedOut: result.timedOut || overdue,
    spawnError: started ? undefined : (result.originalMessage ?? 'could not be started'),
  };
}

/** What `run` starts leads a process group of its own: without its children, who hold its pipes open, nothing would end. */
function killGroup(leader: number | undefined): void {
  if (leader !== undefined) void execa('kill', ['-s', 'KILL', '--', `-${leader}`], { reject: false });
}

/**
 * The caller's environment without what would change how Slurm's tools submit or print: a job started from inside
 * another job inherits SLURM_*, SBATCH_*, SQUEUE_*, SACCT_* and PMI* (facebookincubator/submitit#1814).
 * SLURM_CONF stays, it says which cluster this is.
 */
export function cleanEnvironment(source: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value === undefined) continue;
    if (/^(SLURM_|SBATCH_|SRUN_|SALLOC_|SQUEUE_|SACCT_|SCANCEL_|SINFO_|PMI)/.test(name) && name !== 'SLURM_CONF')
      continue;
    environment[name] = value;
  }
  environment['LC_ALL'] = 'C';
  return environment;
}
