import { CtmgrError, errorText } from '../util/errors.ts';
import type { RunResult } from '../util/run.ts';
import { compactIndices } from './array-indices.ts';
import { isAtLeast, slurmVersion, type SlurmVersion } from './controller.ts';
import { failureText, runTool, type SlurmTools } from './slurm-tools.ts';

/** What one array asks Slurm for, in sbatch's own notation. */
export interface ArrayResources {
  partition?: string | undefined;
  constraint?: string | undefined;
  cpus?: number | undefined;
  /** Memory per node, `4G`. */
  memory?: string | undefined;
  /** Time limit, `D-HH:MM:SS`. */
  time?: string | undefined;
  account?: string | undefined;
  qos?: string | undefined;
  reservation?: string | undefined;
  /** Whole nodes, with all of their memory. */
  exclusive?: boolean | undefined;
  /** Further options of the site, passed on as they are. */
  extraArguments: readonly string[];
}

export interface ArraySubmission {
  /** Unique for this submission, so that a lost reply can be found again. */
  jobName: string;
  /** Text of the batch script; goes to sbatch through standard input. */
  script: string;
  indices: readonly number[];
  /** Most elements that run at once. */
  throttle?: number | undefined;
  /**
   * Account whose job it becomes; only root may set it. Its group is needed as well: with `--uid` alone the job keeps
   * root's group (seen with 24.11).
   */
  user?: { name: string; gid: number } | undefined;
  workDir: string;
  /** Path of standard output; `%a` stands for the index, `%A` for the array's job id. */
  output: string;
  error: string;
  /** Seconds that the elements wait before they may start. */
  beginDelay?: number | undefined;
  resources: ArrayResources;
}

/**
 * `accepted`: the job exists. `refused`: Slurm definitely said no, nothing was submitted. `unknown`: no answer came or
 * none that can be read, so the job may exist and has to be looked for by its name before anything is submitted again. That is also said
 * where sbatch cannot be started: it is missing while Slurm is updated, and a host may be out of processes, which says nothing of the job.
 */
export type SubmitReply =
  | { kind: 'accepted'; jobId: number; cluster?: string }
  | { kind: 'refused'; message: string }
  | { kind: 'unknown'; message: string };

/** The arguments of sbatch (without the command's name) for this submission. Throws RangeError without any index. */
export function submitArguments(submission: ArraySubmission, version: SlurmVersion): string[] {
  const { resources } = submission;
  if (submission.indices.length === 0) throw new RangeError('an array needs at least one index');
  const throttle = submission.throttle === undefined ? '' : `%${submission.throttle}`;
  const options: [name: string, value: string | number | undefined][] = [
    ['job-name', submission.jobName],
    ['array', `${compactIndices(submission.indices)}${throttle}`],
    ['uid', submission.user?.name],
    ['gid', submission.user?.gid],
    ['chdir', submission.workDir],
    ['output', submission.output],
    ['error', submission.error],
    // Until 22.05 NONE means "only SLURM_*"; from 23.02 NONE also starts a login shell on the node and NIL took its place.
    ['export', isAtLeast(version, 23, 2) ? 'NIL' : 'NONE'],
    ['begin', (submission.beginDelay ?? 0) === 0 ? undefined : `now+${submission.beginDelay}`],
    ['partition', resources.partition],
    ['constraint', resources.constraint],
    ['cpus-per-task', resources.cpus],
    // --exclusive gives all CPUs but only the requested memory (sbatch(1)); 0 asks for all of it.
    ['mem', resources.memory ?? (resources.exclusive === true ? '0' : undefined)],
    ['time', resources.time],
    ['account', resources.account],
    ['qos', resources.qos],
    ['reservation', resources.reservation],
  ];
  return [
    '--parsable',
    // A dead node or a preemption puts an element back into the queue; said here, because slurm.conf may say otherwise.
    '--requeue',
    '--open-mode=append',
    ...options.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    ...(resources.exclusive === true ? ['--exclusive'] : []),
    ...resources.extraArguments,
  ];
}

/** Submits one job array. Never throws for what Slurm does; never tries again, see `SubmitReply`. */
export async function submitArray(slurm: SlurmTools, submission: ArraySubmission): Promise<SubmitReply> {
  let version: SlurmVersion;
  try {
    version = await slurmVersion(slurm);
  } catch (error) {
    const why = error instanceof CtmgrError && error.why !== undefined ? `: ${error.why}` : '';
    return { kind: 'unknown', message: `${errorText(error)}${why}` };
  }
  return parseSubmitReply(
    await runTool(slurm, 'sbatch', submitArguments(submission, version), { input: submission.script }),
  );
}

/**
 * What sbatch's end means. The id is the last line of standard output of the form `ID` or `ID;CLUSTER`: site wrappers
 * and plugins print other lines before it (dask/dask-jobqueue#209, jupyterhub/batchspawner#148).
 */
export function parseSubmitReply(result: RunResult): SubmitReply {
  if (result.spawnError !== undefined) {
    // An array whose indices are too many words for a command line will be so the next time, too.
    const kind = result.spawnError.includes('E2BIG') ? 'refused' : 'unknown';
    return { kind, message: failureText('sbatch', result) };
  }
  const line = result.stdout.split('\n').findLast((text) => /^\d+(;\S+)?$/.test(text));
  if (line === undefined) {
    const kind = result.exitCode !== 0 && isRefusal(result) ? 'refused' : 'unknown';
    const message = result.exitCode === 0 ? 'sbatch printed no job id' : failureText('sbatch', result);
    return { kind, message };
  }
  if (result.exitCode !== 0) return { kind: 'unknown', message: failureText('sbatch', result) };
  const [id, cluster] = line.split(';');
  return { kind: 'accepted', jobId: Number(id), ...(cluster === undefined ? {} : { cluster }) };
}

/**
 * True only if sbatch ended by itself with words of its own that leave no doubt. Everything that smells of the
 * connection stays in doubt: slurmctld may have taken the job and only the answer got lost
 * (rwth-i6/sisyphus#281: the client timed out, the job existed).
 */
function isRefusal(result: RunResult): boolean {
  if (result.timedOut || result.exitCode === undefined) return false;
  const doubt =
    /timed? ?out|connect|communicat|contact|transmitted|socket|network|temporarily|transport|authentication|interrupted|i\/o error|unexpected message|getaddrinfo/i;
  // getopt says the name that sbatch was called by: with a path, if there is one.
  const refusal = /^(\S*\/)?sbatch: (error|fatal|unrecognized|invalid|option|ambiguous)/im;
  return !doubt.test(result.stderr) && refusal.test(result.stderr);
}
