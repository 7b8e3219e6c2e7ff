import type { Selectable } from 'kysely';

import type { Store } from './open.ts';
import type { ArrayState, Database } from './schema.ts';

/** A job array, submitted or to be submitted, with the name of its build tag. */
export type BuildArray = Selectable<Database['build_array']> & {
  tag: string;
  /** Of the tag: see `build_tag.throttle`. */
  throttle: number | null;
};

/** A planned array belongs to the process that will submit it, see `process-identity.ts`; to the poller if that is null. */
export async function insertBuildArray(
  db: Store,
  array: { buildTagId: number; class: string; marker: string; submitter: string | null; beginDelay?: number },
): Promise<number> {
  const { id } = await db
    .insertInto('build_array')
    .values({
      build_tag_id: array.buildTagId,
      class: array.class,
      marker: array.marker,
      state: 'planned',
      submitter: array.submitter,
      begin_delay: array.beginDelay ?? 0,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** The array of that id, which has to be there. */
export async function buildArray(db: Store, id: number): Promise<BuildArray> {
  return withTag(db).where('build_array.id', '=', id).executeTakeFirstOrThrow();
}

/** The arrays of a tag in the order in which they were planned. */
export async function arraysOfTag(db: Store, tagId: number): Promise<BuildArray[]> {
  return withTag(db).where('build_array.build_tag_id', '=', tagId).orderBy('build_array.id').execute();
}

/** How far each of these arrays is. */
export async function arrayStates(db: Store, ids: readonly number[]): Promise<Map<number, ArrayState>> {
  const states = new Map<number, ArrayState>();
  for (const id of new Set(ids)) {
    const row = await db.selectFrom('build_array').select('state').where('id', '=', id).executeTakeFirstOrThrow();
    states.set(id, row.state);
  }
  return states;
}

/** The arrays with these markers, by marker. */
export async function arraysByMarker(db: Store, markers: string[]): Promise<Map<string, BuildArray>> {
  const found = new Map<string, BuildArray>();
  for (const marker of markers) {
    const array = await withTag(db).where('build_array.marker', '=', marker).executeTakeFirst();
    if (array !== undefined) found.set(marker, array);
  }
  return found;
}

/** Arrays that Slurm has not confirmed yet. */
export async function unconfirmedArrays(db: Store): Promise<BuildArray[]> {
  return withTag(db).where('build_array.state', 'in', ['planned', 'submitting']).orderBy('build_array.id').execute();
}

/**
 * Makes `submitter` the owner of an unconfirmed array, provided that it still belongs to `previous` and nobody has
 * confirmed it. Returns false if another process was quicker.
 */
export async function takeOverArray(
  db: Store,
  id: number,
  previous: string | null,
  submitter: string,
): Promise<boolean> {
  const result = await db
    .updateTable('build_array')
    .set({ submitter })
    .where('id', '=', id)
    .where('state', 'in', ['planned', 'submitting'])
    .where('submitter', previous === null ? 'is' : '=', previous)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Says, before sbatch is called, that it is going to be; false if the array is not the caller's any more. */
export async function markSubmitting(db: Store, id: number, submitter: string, now: number): Promise<boolean> {
  const result = await db
    .updateTable('build_array')
    .set({ state: 'submitting', attempted_at: now, missing_since: null, message: null })
    .where('id', '=', id)
    .where('state', 'in', ['planned', 'submitting'])
    .where('submitter', '=', submitter)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Writes down the job that an array has become. */
export async function markSubmitted(
  db: Store,
  id: number,
  job: { jobId: number; cluster?: string },
  now: number,
): Promise<void> {
  await db
    .updateTable('build_array')
    .set({
      state: 'submitted',
      submitter: null,
      missing_since: null,
      message: null,
      job_id: job.jobId,
      cluster: job.cluster ?? null,
      submitted_at: now,
    })
    .where('id', '=', id)
    .execute();
}

/** Writes down that Slurm will not have the array, in its words. */
export async function markRefused(db: Store, id: number, message: string): Promise<void> {
  await db
    .updateTable('build_array')
    .set({ state: 'refused', submitter: null, message })
    .where('id', '=', id)
    .execute();
}

/** Lets go of an array whose submission is in doubt: `message` says why, `missingSince` since when Slurm denies it. */
export async function releaseArray(
  db: Store,
  id: number,
  doubt: { message: string; missingSince: number | null },
): Promise<void> {
  await db
    .updateTable('build_array')
    .set({ submitter: null, message: doubt.message, missing_since: doubt.missingSince })
    .where('id', '=', id)
    .execute();
}

function withTag(db: Store) {
  return db
    .selectFrom('build_array')
    .innerJoin('build_tag', 'build_tag.id', 'build_array.build_tag_id')
    .selectAll('build_array')
    .select(['build_tag.name as tag', 'build_tag.throttle']);
}
