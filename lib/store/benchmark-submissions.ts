import type { Insertable, Selectable, Updateable } from 'kysely';

import type { SubmissionState } from './benchmark-schema.ts';
import type { Store } from './open.ts';
import type { Database } from './schema.ts';

export type BenchmarkSubmission = Selectable<Database['benchmark_submission']>;
export type BenchmarkResult = Selectable<Database['benchmark_result']>;

/** Plans a job array of a run, owned by the process `submitter` (see `process-identity.ts`). */
export async function insertSubmission(
  db: Store,
  submission: Insertable<Database['benchmark_submission']>,
): Promise<BenchmarkSubmission> {
  return db.insertInto('benchmark_submission').values(submission).returningAll().executeTakeFirstOrThrow();
}

/** The job arrays of a run in the order in which they were planned. */
export async function submissionsOfRun(db: Store, runId: number): Promise<BenchmarkSubmission[]> {
  return db
    .selectFrom('benchmark_submission')
    .selectAll()
    .where('benchmark_run_id', '=', runId)
    .orderBy('number')
    .execute();
}

/** What is not over yet: may still become a job, or is one. */
export async function openSubmissions(db: Store): Promise<BenchmarkSubmission[]> {
  return db
    .selectFrom('benchmark_submission')
    .selectAll()
    .where('state', 'in', ['planned', 'submitting', 'submitted'])
    .orderBy('id')
    .execute();
}

/** Changes a submission if it still is in the state that the caller has read; false if another process was quicker. */
export async function changeSubmission(
  db: Store,
  id: number,
  from: SubmissionState,
  change: Omit<Updateable<Database['benchmark_submission']>, 'id' | 'script' | 'marker'>,
): Promise<boolean> {
  const result = await db
    .updateTable('benchmark_submission')
    .set(change)
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** The results of a run, those of the first submission first; within one by allocation and position. */
export async function resultsOfRun(db: Store, runId: number): Promise<BenchmarkResult[]> {
  return db
    .selectFrom('benchmark_result')
    .innerJoin('benchmark_submission', 'benchmark_submission.id', 'benchmark_result.benchmark_submission_id')
    .selectAll('benchmark_result')
    .where('benchmark_submission.benchmark_run_id', '=', runId)
    .orderBy('benchmark_submission.number')
    .orderBy('benchmark_result.allocation')
    .orderBy('benchmark_result.position')
    .orderBy('benchmark_result.leg')
    .execute();
}

/** Which legs of a submission are in the store already, as `ALLOCATION POSITION LEG`. */
export async function collectedLegs(db: Store, submissionId: number): Promise<Set<string>> {
  const rows = await db
    .selectFrom('benchmark_result')
    .select(['allocation', 'position', 'leg'])
    .where('benchmark_submission_id', '=', submissionId)
    .execute();
  return new Set(rows.map(({ allocation, position, leg }) => `${allocation} ${position} ${leg}`));
}

/** Adds what one leg has brought, unless another process has done so; returns whether it is new. */
export async function insertResult(db: Store, row: Insertable<Database['benchmark_result']>): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const known = await collectedLegs(trx, row.benchmark_submission_id);
    if (known.has(`${row.allocation} ${row.position} ${row.leg}`)) return false;
    await trx.insertInto('benchmark_result').values(row).execute();
    return true;
  });
}
