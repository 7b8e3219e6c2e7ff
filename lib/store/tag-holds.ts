import type { Selectable } from 'kysely';

import type { Store } from './open.ts';
import type { Database } from './schema.ts';

/** A tag whose publication is or was held, with its name. */
export type TagHold = Selectable<Database['tag_hold']> & { tag: string };

/** Holds a tag's publication; call it inside the transaction that records the tag. */
export async function insertTagHold(db: Store, tagId: number): Promise<void> {
  await db.insertInto('tag_hold').values({ build_tag_id: tagId, state: 'held' }).execute();
}

/** How the hold of a tag stands; undefined if it was never held. */
export async function findTagHold(db: Store, tagId: number): Promise<TagHold | undefined> {
  return holds(db).where('tag_hold.build_tag_id', '=', tagId).executeTakeFirst();
}

/** True while a tag must not change what names mean: until its release is complete. */
export async function isHeld(db: Store, tagId: number): Promise<boolean> {
  const hold = await findTagHold(db, tagId);
  return hold !== undefined && hold.state !== 'released';
}

/** Tags that are held, or whose release has begun and is not complete. */
export async function listTagHolds(db: Store): Promise<TagHold[]> {
  return holds(db).where('tag_hold.state', '<>', 'released').orderBy('tag_hold.build_tag_id').execute();
}

/** Writes down that a held tag is to be released; false if it is not held (any more). */
export async function markReleasing(db: Store, tagId: number, by: string, now: number): Promise<boolean> {
  const result = await db
    .updateTable('tag_hold')
    .set({ state: 'releasing', released_at: now, released_by: by })
    .where('build_tag_id', '=', tagId)
    .where('state', '=', 'held')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Ends a release; false if another process was quicker. */
export async function markReleased(db: Store, tagId: number): Promise<boolean> {
  const result = await db
    .updateTable('tag_hold')
    .set({ state: 'released' })
    .where('build_tag_id', '=', tagId)
    .where('state', '=', 'releasing')
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

function holds(db: Store) {
  return db
    .selectFrom('tag_hold')
    .innerJoin('build_tag', 'build_tag.id', 'tag_hold.build_tag_id')
    .selectAll('tag_hold')
    .select('build_tag.name as tag');
}
