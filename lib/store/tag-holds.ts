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

/** The tags, oldest first, whose release has begun, is not complete, and will make a recipe's name mean their good build. */
export async function releasesOfName(db: Store, recipeId: number): Promise<TagHold[]> {
  return holds(db)
    .innerJoin('container_instance', 'container_instance.build_tag_id', 'build_tag.id')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .where('tag_hold.state', '=', 'releasing')
    .where('recipe_content.recipe_id', '=', recipeId)
    .where('container_instance.status', '=', 'success')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('release_exception')
            .select('release_exception.recipe_id')
            .whereRef('release_exception.build_tag_id', '=', 'tag_hold.build_tag_id')
            .where('release_exception.recipe_id', '=', recipeId),
        ),
      ),
    )
    .orderBy('build_tag.id')
    .execute();
}

/** Takes a name out of the release of a tag. */
export async function insertReleaseException(db: Store, tagId: number, recipeId: number): Promise<void> {
  await db.insertInto('release_exception').values({ build_tag_id: tagId, recipe_id: recipeId }).execute();
}

/** The recipes whose names the release of a tag leaves alone. */
export async function releaseExceptions(db: Store, tagId: number): Promise<Set<number>> {
  const rows = await db.selectFrom('release_exception').select('recipe_id').where('build_tag_id', '=', tagId).execute();
  return new Set(rows.map(({ recipe_id }) => recipe_id));
}

function holds(db: Store) {
  return db
    .selectFrom('tag_hold')
    .innerJoin('build_tag', 'build_tag.id', 'tag_hold.build_tag_id')
    .selectAll('tag_hold')
    .select('build_tag.name as tag');
}
