/** Where a job is in its life. `unknown` is "Slurm's word means nothing to us": whatever was known before stays. */
export type Phase = 'queued' | 'held' | 'running' | 'ended' | 'unknown';

export type Outcome = 'completed' | 'failed' | 'oom' | 'timeout' | 'node' | 'infrastructure' | 'cancelled';

/** A state of Slurm in our words. */
export interface Interpretation {
  /** The bare state word, such as `CANCELLED` of `CANCELLED by 1000`. */
  state: string;
  phase: Phase;
  /** Only with phase `ended`. */
  outcome?: Outcome;
  /** Slurm may put the job back into the queue under the same id: final only when squeue no longer knows it. */
  provisional?: true;
  /** User id of whoever cancelled the job. */
  cancelledBy?: number;
}

type Meaning = Omit<Interpretation, 'state' | 'cancelledBy'>;

const queued: Meaning = { phase: 'queued' };
const held: Meaning = { phase: 'held' };
const running: Meaning = { phase: 'running' };
const ended = (outcome: Outcome): Meaning => ({ phase: 'ended', outcome });
const perhapsEnded = (outcome: Outcome): Meaning => ({ phase: 'ended', outcome, provisional: true });

/**
 * Every state and state flag of sacct(1), JOB STATE CODES, and of job_state_codes.html, Slurm 22.05 to 26.05.
 * A flag stands in place of the base state in text output, but for LAUNCH_FAILED, RECONFIG_FAIL and POWER_UP_NODE: up to 26.05
 * sacct and squeue print the base state for those (slurm_protocol_defs.c, job_state_string).
 */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ['PENDING', queued],
  ['CONFIGURING', queued],
  ['REQUEUE_FED', queued],
  ['RESV_DEL_HOLD', queued],
  ['POWER_UP_NODE', queued],
  // May stay in the database for ever when the job was cancelled while it waited to be requeued (reframe-hpc/reframe#3703).
  ['REQUEUED', { phase: 'queued', provisional: true }],
  // 26.05: failed, and runs again at once if the node was to blame (sbatch --requeue=expedite).
  ['EXPEDITING', queued],
  ['REQUEUE_HOLD', held],
  ['SPECIAL_EXIT', held],
  ['RUNNING', running],
  ['RESIZING', running],
  ['SIGNALING', running],
  ['STAGE_OUT', running],
  ['COMPLETING', running],
  ['SUSPENDED', running],
  ['STOPPED', running],
  ['COMPLETED', ended('completed')],
  ['FAILED', ended('failed')],
  ['OUT_OF_MEMORY', ended('oom')],
  ['TIMEOUT', ended('timeout')],
  ['DEADLINE', ended('timeout')],
  ['NODE_FAIL', perhapsEnded('node')],
  ['BOOT_FAIL', perhapsEnded('node')],
  ['LAUNCH_FAILED', perhapsEnded('infrastructure')],
  ['RECONFIG_FAIL', perhapsEnded('infrastructure')],
  ['PREEMPTED', perhapsEnded('infrastructure')],
  ['CANCELLED', ended('cancelled')],
  // The job went on in another cluster of the federation; this one cannot say how it ended. Arrays stay (federation.html, Job Arrays).
  ['REVOKED', { phase: 'unknown' }],
]);

/**
 * Exit "signals" with which slurmstepd says that the job's script never ran: 52 could not be executed, 53 output file
 * or working folder not usable, 54 prolog failed (slurm_errno.h: ESLURMD_EXECVE_FAILED 4020, ESLURMD_IO_ERROR 4021,
 * ESLURMD_PROLOG_FAILED 4022, of which the low seven bits arrive as signal).
 */
const launchSignals = new Set([52, 53, 54]);

/**
 * What a state as sacct or squeue prints it means. `exitCode` and `signal` are the two halves of Slurm's `code:signal`.
 * A state that is not in the table is never an error: new versions of Slurm add states (Matgenix/qtoolkit#37).
 */
export function interpretState(stateText: string, exitCode?: number, signal?: number): Interpretation {
  const [state = '', ...rest] = stateText.trim().split(/\s+/);
  const meaning = meanings.get(state) ?? { phase: 'unknown' };
  const uid = state === 'CANCELLED' ? /^by (\d+)$/.exec(rest.join(' '))?.[1] : undefined;
  const neverRan = meaning.outcome === 'failed' && exitCode === 0 && signal !== undefined && launchSignals.has(signal);
  return {
    state,
    ...meaning,
    ...(neverRan ? { outcome: 'infrastructure' } : {}),
    ...(uid === undefined ? {} : { cancelledBy: Number(uid) }),
  };
}
