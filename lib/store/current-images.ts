import type { Store } from './open.ts';

/** What NAME means now. */
export interface CurrentImage {
  recipeId: number;
  instanceId: number;
  buildTagId: number;
  tag: string;
  /** When it was pinned: later builds do not take the name over. */
  pinnedAt: number | null;
}

/** A good build whose file exists: what NAME may mean. */
export interface GoodImage {
  instanceId: number;
  buildTagId: number;
  tag: string;
  file: string;
  /** A gate keeps it back. */
  gated: boolean;
}

/** A recipe whose links on the share have to be made to say what the store says. */
export interface NameBehind {
  recipeId: number;
  name: string;
  /** Null: the name is not offered. */
  current: { tag: string; group: string | null; instanceId: number } | null;
}

/** What the name of a recipe means; undefined: nothing. */
export async function findCurrentImage(db: Store, recipeId: number): Promise<CurrentImage | undefined> {
  return currentImages(db).where('current_image.recipe_id', '=', recipeId).executeTakeFirst();
}

/** What all names mean. */
export async function listCurrentImages(db: Store): Promise<CurrentImage[]> {
  return currentImages(db).execute();
}

/** Makes an instance what NAME means; a pin stays where it was, on whatever NAME means. */
export async function setCurrentImage(
  db: Store,
  recipeId: number,
  instanceId: number,
  by: string,
  now: number,
): Promise<void> {
  const before = await findCurrentImage(db, recipeId);
  if (before !== undefined && before.instanceId !== instanceId) await markSuperseded(db, before.instanceId, now);
  const values = { container_instance_id: instanceId, since: now, changed_by: by };
  await db
    .insertInto('current_image')
    .values({ recipe_id: recipeId, ...values })
    .onConflict((conflict) => conflict.column('recipe_id').doUpdateSet(values))
    .execute();
}

/** NAME means nothing any more. */
export async function removeCurrentImage(db: Store, recipeId: number, now: number): Promise<void> {
  const before = await findCurrentImage(db, recipeId);
  if (before === undefined) return;
  await markSuperseded(db, before.instanceId, now);
  await db.deleteFrom('current_image').where('recipe_id', '=', recipeId).execute();
}

/** Pins what a name means (`pinnedAt`: seconds since the epoch), or (null) lets later builds take it over. */
export async function setPinned(db: Store, recipeId: number, pinnedAt: number | null): Promise<void> {
  await db.updateTable('current_image').set({ pinned_at: pinnedAt }).where('recipe_id', '=', recipeId).execute();
}

/** The good builds of a recipe that still have their file, newest first. */
export async function goodImages(db: Store, recipeId: number): Promise<GoodImage[]> {
  const rows = await db
    .selectFrom('container_instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .select([
      'container_instance.id as instanceId',
      'container_instance.build_tag_id as buildTagId',
      'build_tag.name as tag',
      'container_instance.file',
    ])
    .select((eb) =>
      eb
        .selectFrom('image_gate')
        .select((inner) => inner.fn.countAll<number>().as('n'))
        .whereRef('image_gate.container_instance_id', '=', 'container_instance.id')
        .where('image_gate.state', '<>', 'open')
        .as('gates'),
    )
    .where('recipe_content.recipe_id', '=', recipeId)
    .where('container_instance.status', '=', 'success')
    .where('container_instance.removed_at', 'is', null)
    .orderBy('container_instance.build_tag_id', 'desc')
    .orderBy('container_instance.id', 'desc')
    .execute();
  return rows.map(({ gates, file, ...row }) => ({ ...row, file: file ?? '', gated: (gates ?? 0) > 0 }));
}

/** The newest build tag, held ones and gated images left aside, in which a recipe was built well, whether the file is still there or not. */
export async function newestGoodTagId(db: Store, recipeId: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('container_instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .select((eb) => eb.fn.max('container_instance.build_tag_id').as('newest'))
    .where('recipe_content.recipe_id', '=', recipeId)
    .where('container_instance.build_tag_id', 'not in', (eb) =>
      eb.selectFrom('tag_hold').select('build_tag_id').where('state', '=', 'held'),
    )
    .where('container_instance.id', 'not in', (eb) =>
      eb.selectFrom('image_gate').select('container_instance_id').where('state', '<>', 'open'),
    )
    .where('container_instance.status', '=', 'success')
    .executeTakeFirst();
  return row?.newest ?? undefined;
}

/** Says that the links of a recipe are to be made anew (`behind`), or that they have been. */
export async function setLinkBehind(db: Store, recipeId: number, behind: boolean): Promise<void> {
  await db
    .updateTable('recipe')
    .set({ link_behind: behind ? 1 : 0 })
    .where('id', '=', recipeId)
    .execute();
}

/** The recipes whose links are to be made anew, see `setLinkBehind`. */
export async function recipesBehind(db: Store): Promise<number[]> {
  const rows = await db.selectFrom('recipe').select('id').where('link_behind', '=', 1).execute();
  return rows.map(({ id }) => id);
}

/** What the links of a recipe have to say. */
export async function findName(db: Store, recipeId: number): Promise<NameBehind> {
  const row = await db
    .selectFrom('recipe')
    .leftJoin('current_image', 'current_image.recipe_id', 'recipe.id')
    .leftJoin('container_instance', 'container_instance.id', 'current_image.container_instance_id')
    .leftJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .select(['recipe.id as recipeId', 'recipe.name', 'build_tag.name as tag', 'container_instance.group'])
    .select('container_instance.id as instanceId')
    .where('recipe.id', '=', recipeId)
    .executeTakeFirstOrThrow();
  const { name, tag, group, instanceId } = row;
  return { recipeId, name, current: tag === null || instanceId === null ? null : { tag, group, instanceId } };
}

async function markSuperseded(db: Store, instanceId: number, now: number): Promise<void> {
  await db.updateTable('container_instance').set({ current_until: now }).where('id', '=', instanceId).execute();
}

function currentImages(db: Store) {
  return db
    .selectFrom('current_image')
    .innerJoin('container_instance', 'container_instance.id', 'current_image.container_instance_id')
    .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .select([
      'current_image.recipe_id as recipeId',
      'current_image.container_instance_id as instanceId',
      'container_instance.build_tag_id as buildTagId',
      'build_tag.name as tag',
      'current_image.pinned_at as pinnedAt',
    ]);
}
