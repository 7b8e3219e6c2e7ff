import type { Selectable, Updateable } from 'kysely';

import type { Store } from './open.ts';
import type { Database, InstanceStatus } from './schema.ts';

/** An instance with the names that a reader needs. */
export type Instance = Selectable<Database['container_instance']> & {
  name: string;
  recipe_id: number;
  version: number;
  tag: string;
  marker: string;
  job_id: number | null;
};

export interface NewInstance {
  buildTagId: number;
  buildArrayId: number;
  recipeContentId: number;
  taskIndex: number;
  arrayIndex: number;
  inputHash: string;
  definition: string;
  overlayContentIds: number[];
}

export const unfinished: InstanceStatus[] = ['pending', 'queued', 'building'];

/** Adds a pending instance with its overlays; call it inside a transaction. */
export async function insertInstance(db: Store, instance: NewInstance, now: number): Promise<number> {
  const { id } = await db
    .insertInto('container_instance')
    .values({
      build_tag_id: instance.buildTagId,
      build_array_id: instance.buildArrayId,
      recipe_content_id: instance.recipeContentId,
      task_index: instance.taskIndex,
      array_index: instance.arrayIndex,
      status: 'pending',
      input_hash: instance.inputHash,
      definition: instance.definition,
      changed_at: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const overlays = instance.overlayContentIds.map((overlay_content_id, position) => ({
    container_instance_id: id,
    position,
    overlay_content_id,
  }));
  if (overlays.length > 0) await db.insertInto('instance_overlay').values(overlays).execute();
  return id;
}

export async function unfinishedInstances(db: Store): Promise<Instance[]> {
  return withNames(db).where('container_instance.status', 'in', unfinished).execute();
}

/** Instances that the poller gave up; a result file may still show up for them. */
export async function lostInstances(db: Store): Promise<Instance[]> {
  return withNames(db).where('container_instance.status', '=', 'lost').execute();
}

export async function instancesOfTag(db: Store, tagId: number): Promise<Instance[]> {
  return withNames(db).where('container_instance.build_tag_id', '=', tagId).execute();
}

export async function instancesOfArray(db: Store, arrayId: number): Promise<Instance[]> {
  return withNames(db).where('container_instance.build_array_id', '=', arrayId).execute();
}

/** An instance as it is now. */
export async function findInstance(db: Store, id: number): Promise<Instance | undefined> {
  return withNames(db).where('container_instance.id', '=', id).executeTakeFirst();
}

export async function allInstances(db: Store): Promise<Instance[]> {
  return withNames(db).execute();
}

/**
 * Changes an instance if it still has the status that the caller has read; returns false if another process was
 * quicker. `status` is never moved but through here.
 */
export async function changeInstance(
  db: Store,
  id: number,
  from: InstanceStatus,
  change: Omit<Updateable<Database['container_instance']>, 'id'>,
): Promise<boolean> {
  const result = await db
    .updateTable('container_instance')
    .set(change)
    .where('id', '=', id)
    .where('status', '=', from)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

function withNames(db: Store) {
  return db
    .selectFrom('container_instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .innerJoin('build_array', 'build_array.id', 'container_instance.build_array_id')
    .selectAll('container_instance')
    .select([
      'recipe.name',
      'recipe.id as recipe_id',
      'recipe_content.version',
      'build_tag.name as tag',
      'build_array.marker',
      'build_array.job_id',
    ])
    .orderBy('container_instance.build_tag_id')
    .orderBy('container_instance.task_index');
}
