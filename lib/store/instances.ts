import { type Selectable, sql, type Updateable } from 'kysely';

import type { Store } from './open.ts';
import type { Database, InstanceStatus } from './schema.ts';

/** An instance with the names that a reader needs; its definition file is left out, see `definitionOf`. */
export type Instance = Omit<Selectable<Database['container_instance']>, 'definition'> & {
  name: string;
  recipe_id: number;
  version: number;
  tag: string;
  /** Of the array of its present attempt, as the next four. */
  marker: string;
  class: string;
  job_id: number | null;
  /** When sbatch was called; null before that. */
  attempted_at: number | null;
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
  /** Who alone may read the image; null: everybody. */
  group: string | null;
}

export const unfinished: InstanceStatus[] = ['pending', 'queued', 'building'];

/** Spelt out, because SQLite uses the partial index of these rows for no query with parameters (sqlite.org/partialindex.html). */
const isUnfinished = sql<boolean>`container_instance.status in ('pending', 'queued', 'building')`;
const isLost = sql<boolean>`container_instance.status = 'lost'`;

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
      group: instance.group,
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

/** Instances that the poller still has to settle. */
export async function unfinishedInstances(db: Store): Promise<Instance[]> {
  return withNames(db).where(isUnfinished).execute();
}

/** How many instances are not settled. */
export async function countUnfinished(db: Store): Promise<number> {
  const { count } = await db
    .selectFrom('container_instance')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where(isUnfinished)
    .executeTakeFirstOrThrow();
  return count;
}

/** Instances that the poller gave up; a result file may still show up for them. */
export async function lostInstances(db: Store): Promise<Instance[]> {
  return withNames(db).where(isLost).execute();
}

/** The images of a tag. */
export async function instancesOfTag(db: Store, tagId: number): Promise<Instance[]> {
  return withNames(db).where('container_instance.build_tag_id', '=', tagId).execute();
}

/** The images of a job array; one that was tried again belongs to its newest. */
export async function instancesOfArray(db: Store, arrayId: number): Promise<Instance[]> {
  return withNames(db).where('container_instance.build_array_id', '=', arrayId).execute();
}

/** The text of the definition file that an instance is built from. */
export async function definitionOf(db: Store, id: number): Promise<string> {
  const query = db.selectFrom('container_instance').select('definition').where('id', '=', id);
  return (await query.executeTakeFirstOrThrow()).definition;
}

/** All instances there are. */
export async function allInstances(db: Store): Promise<Instance[]> {
  return withNames(db).execute();
}

/** An instance as it is now. */
export async function findInstance(db: Store, id: number): Promise<Instance | undefined> {
  return withNames(db).where('container_instance.id', '=', id).executeTakeFirst();
}

/**
 * Changes an instance if it still has the status (and is the attempt, if that matters) that the caller has read; returns
 * false if another process was quicker. `status` is never moved but through here.
 */
export async function changeInstance(
  db: Store,
  id: number,
  from: InstanceStatus,
  change: Omit<Updateable<Database['container_instance']>, 'id'>,
  attempt?: number,
): Promise<boolean> {
  const result = await db
    .updateTable('container_instance')
    .set(change)
    .where('id', '=', id)
    .where('status', '=', from)
    .$if(attempt !== undefined, (query) => query.where('attempt', '=', attempt ?? 0))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** A finished instance that lies where its recipe's images do not lie any more. */
export interface StrayInstance {
  id: number;
  tag: string;
  group: string | null;
  /** Of its image; null if it has none. */
  size: number | null;
  sha256: string | null;
}

/** The instances of a recipe that lie in the place of another group than its own; `more`: some are not finished. */
export async function strayInstances(
  db: Store,
  recipeId: number,
): Promise<{ name: string; group: string | null; instances: StrayInstance[]; more: boolean }> {
  const recipe = await db
    .selectFrom('recipe')
    .select(['name', 'group'])
    .where('id', '=', recipeId)
    .executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom('container_instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .select(['container_instance.id', 'build_tag.name as tag', 'container_instance.group', 'container_instance.status'])
    .select(['container_instance.size', 'container_instance.sha256', 'container_instance.removed_at'])
    .where('recipe_content.recipe_id', '=', recipeId)
    .where('container_instance.group', 'is not', recipe.group)
    .execute();
  const instances = rows
    .filter(({ status }) => !unfinished.includes(status))
    .map(({ id, tag, group, status, size, sha256, removed_at }) => {
      const isThere = status === 'success' && removed_at === null;
      return { id, tag, group, size: isThere ? size : null, sha256: isThere ? sha256 : null };
    });
  return { ...recipe, instances, more: instances.length < rows.length };
}

/** Notes that an instance lies in the place of another group now, and under which file name its image. */
export async function setPlace(db: Store, id: number, place: { group: string | null; file?: string }): Promise<void> {
  await db.updateTable('container_instance').set(place).where('id', '=', id).execute();
}

/** Moves all instances of an array that have one status to another one; returns how many there were. */
export async function moveInstancesOfArray(
  db: Store,
  arrayId: number,
  from: InstanceStatus,
  change: Omit<Updateable<Database['container_instance']>, 'id'>,
): Promise<number> {
  const result = await db
    .updateTable('container_instance')
    .set(change)
    .where('build_array_id', '=', arrayId)
    .where('status', '=', from)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

const columns = [
  'container_instance.id',
  'container_instance.build_tag_id',
  'container_instance.build_array_id',
  'container_instance.recipe_content_id',
  'container_instance.task_index',
  'container_instance.array_index',
  'container_instance.status',
  'container_instance.failure_kind',
  'container_instance.message',
  'container_instance.reason',
  'container_instance.node',
  'container_instance.exit_code',
  'container_instance.file',
  'container_instance.size',
  'container_instance.sha256',
  'container_instance.input_hash',
  'container_instance.started_at',
  'container_instance.ended_at',
  'container_instance.missing_since',
  'container_instance.changed_at',
  'container_instance.attempt',
  'container_instance.cancelled_by',
  'container_instance.requeued_at',
  'container_instance.group',
  'container_instance.current_until',
  'container_instance.removed_at',
  'container_instance.apptainer',
] as const;

function withNames(db: Store) {
  return db
    .selectFrom('container_instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .innerJoin('build_array', 'build_array.id', 'container_instance.build_array_id')
    .select(columns)
    .select([
      'recipe.name',
      'recipe.id as recipe_id',
      'recipe_content.version',
      'build_tag.name as tag',
      'build_array.marker',
      'build_array.class',
      'build_array.job_id',
      'build_array.attempted_at',
    ])
    .orderBy('container_instance.build_tag_id')
    .orderBy('container_instance.task_index');
}
