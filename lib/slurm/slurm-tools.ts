import { join } from 'node:path';
import { cleanEnvironment, run, type RunResult } from '../util/run.ts';

/** Where Slurm's commands are and how long one of them may take. */
export interface SlurmTools {
  /** Folder of sbatch, sacct, …; undefined = found through PATH. */
  binDir: string | undefined;
  /** Milliseconds that one command may run before it is stopped. */
  timeout: number;
  /** Aborted: questions are not waited for any longer. What changes something in Slurm always runs to its end. */
  interrupted?: AbortSignal;
}

/** An answer that Slurm did not give: nothing may be concluded from it. */
export interface NoAnswer {
  ok: false;
  /** What went wrong, in one line, for the log and for `ctmgr status`. */
  message: string;
}

export interface ToolOptions {
  input?: string;
  /** Variables on top of the clean environment, for example SLURM_TIME_FORMAT. */
  environment?: Record<string, string>;
  /** For root: who calls it. */
  account?: { uid: number; gid: number } | undefined;
  /** It only asks, so it may be stopped by `SlurmTools.interrupted`, and asked again. */
  question?: boolean;
}

/** Separates the fields of what sacct and squeue print: no job name, node list or reason of ours can hold it. */
export const fieldSeparator = '\u001F';

/** Times as seconds since the epoch and array indices in full: sacct(1), squeue(1), ENVIRONMENT VARIABLES. */
export const listingEnvironment = { SLURM_TIME_FORMAT: '%s', SLURM_BITSTR_LEN: '0' };

/** Runs one of Slurm's commands with an argument list; like `run` it never throws for a failing command. */
export async function runTool(
  slurm: SlurmTools,
  tool: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<RunResult> {
  return run(slurm.binDir === undefined ? tool : join(slurm.binDir, tool), args, {
    timeout: slurm.timeout,
    env: { ...cleanEnvironment(), ...options.environment },
    ...(options.question === true && slurm.interrupted !== undefined ? { cancel: slurm.interrupted } : {}),
    ...(options.input === undefined ? {} : { input: options.input }),
    account: options.account,
    once: options.question !== true,
  });
}

/** Why a command gave no usable answer, in one line: time-out, could not start, or its own last words. */
export function failureText(tool: string, result: RunResult): string {
  if (result.spawnError !== undefined) return `${tool} could not be started: ${result.spawnError}`;
  if (result.timedOut) return `${tool} did not answer in time`;
  const words = result.stderr.trim().split('\n').slice(-3).join('; ').trim();
  const end = result.signal === undefined ? `exit code ${result.exitCode}` : `signal ${result.signal}`;
  return words === '' ? `${tool} ended with ${end}` : `${tool} ended with ${end}: ${words}`;
}
