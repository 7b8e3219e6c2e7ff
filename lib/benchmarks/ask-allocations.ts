import { queryAccounting } from '../slurm/accounting.ts';
import type { ElementRecord } from '../slurm/element-record.ts';
import { queryQueue } from '../slurm/queue.ts';
import type { BenchmarkRun } from '../store/benchmark-runs.ts';
import { type BenchmarkSubmission, changeSubmission } from '../store/benchmark-submissions.ts';
import { epochSeconds } from '../util/clock.ts';
import type { BenchSite } from './bench-site.ts';

export interface AllocationNews {
  /** Index and how it ended, of those that are over for certain. */
  ended: Map<number, string>;
  /** What did not answer. */
  problems: string[];
}

/**
 * Which allocations of a submission are over, as Slurm says: slurmctld no longer knows them or calls them ended, and
 * slurmdbd says how. An allocation that neither knows is over after `poll.lost_after` seconds; no answer means no decision.
 */
export async function askAllocations(
  site: BenchSite,
  run: BenchmarkRun,
  submission: BenchmarkSubmission,
  indices: readonly number[],
): Promise<AllocationNews> {
  const { job_id } = submission;
  if (job_id === null) return { ended: new Map(), problems: [] };
  const queue = await queryQueue(site.slurm, { arrayJobIds: [job_id], user: run.job_user });
  const accounting = await queryAccounting(site.slurm, [job_id]);
  if (!queue.ok || !accounting.ok) {
    const problems = [queue, accounting].flatMap((answer) => (answer.ok ? [] : [answer.message]));
    return { ended: new Map(), problems };
  }
  const now = epochSeconds();
  const lost = submission.missing_since !== null && now - submission.missing_since >= site.config.poll.lost_after;
  const ended = new Map<number, string>();
  let missing = false;
  for (const index of indices) {
    const inQueue = find(queue.elements, submission, index);
    const inAccounting = find(accounting.elements, submission, index);
    const last = inQueue ?? inAccounting;
    if (last?.phase === 'ended') {
      // The end is written to a share that may show it late.
      if (now - (last.ended ?? 0) >= site.config.poll.result_grace) ended.set(index, describe(last));
    } else if (inQueue === undefined) {
      missing = true;
      if (lost) ended.set(index, 'Slurm no longer knows it');
    }
  }
  await rememberMissing(site, submission, missing ? (submission.missing_since ?? now) : null);
  return { ended, problems: [] };
}

function find(
  elements: readonly ElementRecord[],
  { job_id, marker }: BenchmarkSubmission,
  wanted: number,
): ElementRecord | undefined {
  // Slurm uses job ids again: the name says whose job it is.
  return elements.find(
    ({ arrayJobId, index, jobName }) => arrayJobId === job_id && index === wanted && jobName === marker,
  );
}

function describe({ state, reason, exitCode }: ElementRecord): string {
  const why = reason === undefined ? '' : ` (${reason})`;
  return `${state}${exitCode === undefined ? '' : `, exit code ${exitCode}`}${why}`;
}

async function rememberMissing(
  site: BenchSite,
  { id, missing_since }: BenchmarkSubmission,
  since: number | null,
): Promise<void> {
  if (since !== missing_since) await changeSubmission(site.store, id, 'submitted', { missing_since: since });
}
