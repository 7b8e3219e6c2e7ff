import type { Insertable, Selectable, Updateable } from 'kysely';

import type { Store } from './open.ts';
import type { Database } from './schema.ts';

/** A build whose image is thrown away: no instance, and nothing in the catalogue. */
export type Verification = Selectable<Database['verification']>;

/** Every verification is called `verify-YYYY-MM-DD.N`, which no build tag is. Call it inside the transaction that inserts. */
export async function nextVerificationName(db: Store, day: string): Promise<string> {
  const stem = `verify-${day}.`;
  const rows = await db.selectFrom('verification').select('name').where('name', 'like', `${stem}%`).execute();
  return `${stem}${Math.max(0, ...rows.map(({ name }) => Number(name.slice(stem.length)))) + 1}`;
}

/** Adds a verification; its name has to be new. */
export async function insertVerification(db: Store, row: Insertable<Database['verification']>): Promise<Verification> {
  return db.insertInto('verification').values(row).returningAll().executeTakeFirstOrThrow();
}

/** The verification of that name, while it is kept. */
export async function findVerification(db: Store, name: string): Promise<Verification | undefined> {
  return db.selectFrom('verification').selectAll().where('name', '=', name).executeTakeFirst();
}

/** What a listing tells of a verification. */
export type VerificationSummary = Omit<Verification, 'definition' | 'plan' | 'context_manifest'>;

/** All verifications that are still kept, oldest first; or only those that are not finished. */
export async function listVerifications(db: Store, only?: 'unfinished'): Promise<VerificationSummary[]> {
  return db
    .selectFrom('verification')
    .select(['id', 'name', 'subject', 'created_at', 'created_by', 'class', 'platform', 'group', 'overlays', 'marker'])
    .select(['status', 'attempted_at', 'job_id', 'missing_since', 'failure_kind', 'message', 'node', 'exit_code'])
    .select(['started_at', 'ended_at'])
    .$if(only !== undefined, (query) => query.where('status', 'in', ['pending', 'queued', 'building']))
    .orderBy('id')
    .execute();
}

/** The names of all verifications that are still kept, and the digests of the files they are made from. */
export async function keptVerifications(db: Store): Promise<{ name: string; digest: string }[]> {
  const rows = await db.selectFrom('verification').select(['name', 'context_manifest']).execute();
  return rows.map((row) => ({
    name: row.name,
    digest: (JSON.parse(row.context_manifest) as { digest: string }).digest,
  }));
}

/** Verifications that the poller still has to settle, oldest first. */
export async function unfinishedVerifications(db: Store): Promise<Verification[]> {
  return db
    .selectFrom('verification')
    .selectAll()
    .where('status', 'in', ['pending', 'queued', 'building'])
    .orderBy('id')
    .execute();
}

/** How many verifications are not settled. */
export async function countUnfinishedVerifications(db: Store): Promise<number> {
  const { count } = await db
    .selectFrom('verification')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('status', 'in', ['pending', 'queued', 'building'])
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Changes a verification if it still has the status and the time of submission that the caller has read; returns false if
 * another process was quicker.
 */
export async function changeVerification(
  db: Store,
  from: Verification,
  change: Omit<Updateable<Database['verification']>, 'id'>,
): Promise<boolean> {
  const result = await db
    .updateTable('verification')
    .set(change)
    .where('id', '=', from.id)
    .where('status', '=', from.status)
    .where('attempted_at', from.attempted_at === null ? 'is' : '=', from.attempted_at)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Those that ended before a time, in seconds since the epoch. */
export async function verificationsEndedBefore(db: Store, time: number): Promise<Verification[]> {
  return db.selectFrom('verification').selectAll().where('ended_at', '<', time).execute();
}

/** Forgets a verification; its files are the caller’s to remove before. */
export async function deleteVerification(db: Store, id: number): Promise<void> {
  await db.deleteFrom('verification').where('id', '=', id).execute();
}

/** True if a recipe version or a verification needs the stored files of that digest. */
export async function isContextUsed(db: Store, digest: string): Promise<boolean> {
  const version = await db
    .selectFrom('recipe_content')
    .select('id')
    .where('context_digest', '=', digest)
    .limit(1)
    .executeTakeFirst();
  if (version !== undefined) return true;
  return (await keptVerifications(db)).some((verification) => verification.digest === digest);
}
