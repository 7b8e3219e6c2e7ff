import { cancelJobs } from '../slurm/cancel.ts';
import { insertEvent } from '../store/events.ts';
import { changeVerification, type Verification } from '../store/verifications.ts';
import { epochSeconds } from '../util/clock.ts';
import type { BuildSite } from './build-site.ts';

/** `at-once`: it was not submitted yet; `asked`: Slurm was asked to stop it; `in-doubt`: Slurm may have a job that nobody knows yet. */
export type VerificationCancellation = { kind: 'at-once' | 'asked' | 'in-doubt' } | { kind: 'silent'; problem: string };

/** Cancels an unfinished verification; its end is recorded by the poller, as Slurm tells it. */
export async function cancelVerification(site: BuildSite, row: Verification): Promise<VerificationCancellation> {
  const now = epochSeconds();
  if (row.job_id !== null) {
    const answer = await cancelJobs(site.slurm, [{ arrayJobId: row.job_id }]);
    return answer.ok ? { kind: 'asked' } : { kind: 'silent', problem: answer.message };
  }
  if (row.attempted_at !== null) return { kind: 'in-doubt' };
  const done = await site.store.transaction().execute(async (db) => {
    const change = { status: 'cancelled' as const, message: `cancelled by ${site.actor}`, ended_at: now };
    if (!(await changeVerification(db, row, change))) return false;
    await insertEvent(db, { actor: site.actor, kind: 'verification.cancelled', subject: row.name }, now);
    return true;
  });
  return { kind: done ? 'at-once' : 'in-doubt' };
}
