import type { ElementRecord } from '../slurm/element-record.ts';
import type { FailureKind, InstanceStatus } from '../store/schema.ts';
import type { BuildResult } from './result-file.ts';

/** All that is known about one unfinished instance at one moment. */
export interface Evidence {
  status: InstanceStatus;
  /** The element's own report; undefined: none (yet). */
  result: BuildResult | undefined;
  /** Why the result file cannot be read. */
  resultProblem: string | undefined;
  /** True once the element has started on some node, unless Slurm has put it back into the queue since. */
  claimed: boolean;
  /** Who has asked ctmgr to cancel it. */
  cancelledBy: string | null;
  /** False if the folder of the results is not there, so that a missing result means nothing. */
  shareSeen: boolean;
  /** What Slurm says about the element, if it was asked and knows it. */
  record: ElementRecord | undefined;
  /**
   * Whether Slurm was asked this time, and if so whether slurmdbd and slurmctld both answered, so that a missing record
   * means something.
   */
  slurm: 'unasked' | 'silent' | 'answered';
  /** True if the element's log says that Slurm itself has killed it for its memory. */
  overMemory: boolean;
  /** True if slurmctld still knows other elements of the array. */
  arrayInQueue: boolean;
  /** Since when neither of the two has known the element; null: never noticed. */
  missingSince: number | null;
  /** Seconds since the epoch. */
  now: number;
  /** Seconds that a result file may need to become visible after Slurm says that the job has ended. */
  resultGrace: number;
  /** Seconds until an element that nobody knows is given up. */
  lostAfter: number;
  /** The login name of a user id. */
  nameOf: (uid: number) => string;
}

export type Decision =
  | { kind: 'keep'; missingSince: number | null }
  | { kind: 'progress'; status: 'queued' | 'building'; reason: string | null }
  | { kind: 'success'; result: Extract<BuildResult, { outcome: 'success' }> }
  | { kind: 'failure'; failureKind: FailureKind; message: string; exitCode: number | null }
  | { kind: 'cancelled'; message: string }
  | { kind: 'lost'; message: string };

/**
 * Decides what an instance's status is, from the result file and Slurm's word together. A result file is the truth
 * about the build; only Slurm knows why a job was stopped; and what neither of them says stays as it was, because a
 * missing row is *unknown* and never *failed*. Pure.
 */
export function decide(evidence: Evidence): Decision {
  const { result, resultProblem, record } = evidence;
  if (result?.outcome === 'success') return { kind: 'success', result };
  if (result?.outcome === 'failure') {
    // Killed by a signal (128 + n, as shells say it): Slurm may know better, for example out of memory.
    if (result.exit_code > 128) {
      if (evidence.slurm === 'unasked') return { kind: 'keep', missingSince: evidence.missingSince };
      const better = record === undefined ? undefined : slurmFailure(record, evidence);
      if (better !== undefined) return better;
      // It only knows when the whole job has ended, a moment after the element's report.
      const isOpen = record !== undefined && record.phase !== 'ended';
      // By this host's clock alone: the node's may be minutes off.
      const since = evidence.missingSince ?? evidence.now;
      if (isOpen && evidence.now - since < evidence.resultGrace) return { kind: 'keep', missingSince: since };
    }
    return { kind: 'failure', failureKind: result.kind, message: result.message, exitCode: result.exit_code };
  }
  if (record === undefined) return withoutRecord(evidence);
  if (record.phase !== 'ended' || record.provisional === true) return progress(evidence, record);
  const failure = slurmFailure(record, evidence);
  if (failure !== undefined) return failure;
  if (resultProblem !== undefined) {
    return { kind: 'failure', failureKind: 'infrastructure', message: resultProblem, exitCode: null };
  }
  return withoutResult(evidence, record);
}

/** Ends that Slurm knows best; undefined for those that the element's own report explains. */
function slurmFailure(record: ElementRecord, { cancelledBy, nameOf, overMemory }: Evidence): Decision | undefined {
  const exitCode = record.exitCode ?? null;
  const failure = (failureKind: FailureKind, message: string): Decision => ({
    kind: 'failure',
    failureKind,
    message,
    exitCode,
  });
  const where = record.node === undefined ? '' : ` on ${record.node}`;
  switch (record.outcome) {
    case 'cancelled': {
      const by = cancelledBy ?? (record.cancelledBy === undefined ? undefined : nameOf(record.cancelledBy));
      return { kind: 'cancelled', message: by === undefined ? 'cancelled' : `cancelled by ${by}` };
    }
    case 'timeout':
      return failure('timeout', `stopped at its time limit${where}`);
    case 'oom':
      return failure('oom', `out of memory${where}`);
    case 'node':
      return failure('node', `the node failed${where} (${record.state})`);
    case 'infrastructure':
      return failure(
        'infrastructure',
        `Slurm could not run the job${where} (${record.state}, ${record.reason ?? 'no reason given'})`,
      );
    case 'failed':
      return overMemory ? failure('oom', `out of memory${where}`) : undefined;
    default:
      return undefined;
  }
}

function progress({ status, claimed }: Evidence, record: ElementRecord): Decision {
  const reason = record.reason === undefined || record.reason === 'None' ? null : record.reason;
  if (record.phase === 'running' || claimed) return { kind: 'progress', status: 'building', reason: null };
  if (record.phase === 'unknown') return { kind: 'keep', missingSince: null };
  // Slurm's own records arrive out of order; what has started does not wait again unless Slurm requeued it.
  if (status === 'building' && record.phase === 'ended') return { kind: 'keep', missingSince: null };
  return { kind: 'progress', status: 'queued', reason };
}

/**
 * Neither slurmdbd nor slurmctld has the element. One that never started and is missing from an array which slurmctld
 * still has was cancelled while it waited: it leaves no record anywhere (seen with `scancel ARRAY_INDEX` on Slurm 24.11).
 */
function withoutRecord(evidence: Evidence): Decision {
  const { status, claimed, slurm, arrayInQueue, missingSince, now, resultGrace, lostAfter } = evidence;
  const { cancelledBy, shareSeen } = evidence;
  const since = slurm === 'answered' ? (missingSince ?? now) : slurm === 'silent' ? null : missingSince;
  if (slurm === 'answered' && since !== null && now - since >= resultGrace) {
    if (cancelledBy !== null) return { kind: 'cancelled', message: `cancelled by ${cancelledBy}` };
    if (arrayInQueue && !claimed && shareSeen) return { kind: 'cancelled', message: 'cancelled while it waited' };
  }
  if (slurm === 'answered' && since !== null && now - since >= lostAfter) {
    return { kind: 'lost', message: `neither slurmctld nor slurmdbd has known the job for ${now - since} s` };
  }
  if (claimed && (status === 'pending' || status === 'queued')) {
    return { kind: 'progress', status: 'building', reason: null };
  }
  return { kind: 'keep', missingSince: since };
}

/** Exit code of the build script when it cannot read its task or write its report (`build.sbatch.mustache`). */
const shareUnusable = 74;

/** Slurm says that the job ran to its end, but its report is not there: perhaps the share only shows it late. */
function withoutResult(evidence: Evidence, record: ElementRecord): Decision {
  const { result, now, resultGrace, missingSince, shareSeen, cancelledBy } = evidence;
  const failure = (message: string): Decision => ({
    kind: 'failure',
    failureKind: 'infrastructure',
    message,
    exitCode: record.exitCode ?? null,
  });
  if (result !== undefined) return failure(`the build was stopped, and Slurm only says ${record.state}`);
  if (!shareSeen && cancelledBy === null) return { kind: 'keep', missingSince: null };
  const since = missingSince ?? now;
  // By this host's clock alone: Slurm's may be behind, and then no time would be left to the share.
  if (now - since < resultGrace) return { kind: 'keep', missingSince: since };
  // The way out where a report can never be read again.
  if (!shareSeen) return { kind: 'cancelled', message: `cancelled by ${cancelledBy}` };
  if (record.exitCode === shareUnusable)
    return failure('the job could not use the share; is it mounted, and not full?');
  return failure(`the job ended (${record.state}) without a report; see its log`);
}
