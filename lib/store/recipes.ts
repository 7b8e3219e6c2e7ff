import type { Selectable } from 'kysely';

import type { BaseImage } from './base-images.ts';
import type { Store } from './open.ts';
import type { Database } from './schema.ts';

export type Recipe = Selectable<Database['recipe']>;
export type RecipeContent = Selectable<Database['recipe_content']>;

export interface NewRecipe {
  name: string;
  baseImageId: number;
  dockerfileLocation: string;
  contextLocation: string | null;
  class: string | null;
  /** Who alone may read its images; null: everybody; undefined: as before. */
  group?: string | null | undefined;
}

/** A recipe with its newest version and the base image of that version. */
export interface CurrentRecipe {
  recipe: Recipe;
  content: RecipeContent;
  base: BaseImage;
}

/** The recipe of that name, also one that is retired. */
export async function findRecipe(db: Store, name: string): Promise<Recipe | undefined> {
  return db.selectFrom('recipe').selectAll().where('name', '=', name).executeTakeFirst();
}

/** Adds a recipe without any version; the name has to be new. */
export async function insertRecipe(db: Store, recipe: NewRecipe, by: string, now: number): Promise<Recipe> {
  return db
    .insertInto('recipe')
    .values({
      name: recipe.name,
      base_image_id: recipe.baseImageId,
      dockerfile_location: recipe.dockerfileLocation,
      context_location: recipe.contextLocation,
      class: recipe.class,
      group: recipe.group ?? null,
      created_at: now,
      created_by: by,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Where the recipe was read from last, what it is based on, and (if given) its resource class and group. */
export async function updateRecipe(db: Store, id: number, recipe: Omit<NewRecipe, 'name'>): Promise<void> {
  await db
    .updateTable('recipe')
    .set({
      base_image_id: recipe.baseImageId,
      dockerfile_location: recipe.dockerfileLocation,
      context_location: recipe.contextLocation,
      ...(recipe.class === null ? {} : { class: recipe.class }),
      ...(recipe.group === undefined ? {} : { group: recipe.group, link_behind: 1 }),
    })
    .where('id', '=', id)
    .execute();
}

/** Retires a recipe, or (null) brings it back. */
export async function setRetired(db: Store, id: number, retiredAt: number | null): Promise<void> {
  await db.updateTable('recipe').set({ retired_at: retiredAt }).where('id', '=', id).execute();
}

/** Whether a recipe's name is offered, and to whom. */
export async function recipeAccess(db: Store, id: number): Promise<{ group: string | null; retired: boolean }> {
  const row = await db
    .selectFrom('recipe')
    .select(['group', 'retired_at'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return { group: row.group, retired: row.retired_at !== null };
}

/** The newest version of a recipe; undefined while it has none. */
export async function latestContent(db: Store, recipeId: number): Promise<RecipeContent | undefined> {
  return db
    .selectFrom('recipe_content')
    .selectAll()
    .where('recipe_id', '=', recipeId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** That version of a recipe, if there is one. */
export async function contentByVersion(
  db: Store,
  recipeId: number,
  version: number,
): Promise<RecipeContent | undefined> {
  return db
    .selectFrom('recipe_content')
    .selectAll()
    .where('recipe_id', '=', recipeId)
    .where('version', '=', version)
    .executeTakeFirst();
}

/** Every recipe with its newest version, by name. */
export async function listCurrentRecipes(db: Store): Promise<CurrentRecipe[]> {
  const recipes = await db.selectFrom('recipe').selectAll().orderBy('name').execute();
  const bases = new Map((await db.selectFrom('base_image').selectAll().execute()).map((base) => [base.id, base]));
  const contents = await db
    .selectFrom('recipe_content as content')
    .selectAll('content')
    .where('content.version', '=', (eb) =>
      eb
        .selectFrom('recipe_content as other')
        .select((inner) => inner.fn.max('other.version').as('newest'))
        .whereRef('other.recipe_id', '=', 'content.recipe_id'),
    )
    .execute();
  const byRecipe = new Map(contents.map((content) => [content.recipe_id, content]));
  return recipes.flatMap((recipe) => {
    const content = byRecipe.get(recipe.id);
    const base = content === undefined ? undefined : bases.get(content.base_image_id);
    return content === undefined || base === undefined ? [] : [{ recipe, content, base }];
  });
}

/** The recipe of that name with its newest version, or with another one. */
export async function findCurrentRecipe(db: Store, name: string, version?: number): Promise<CurrentRecipe | undefined> {
  const recipe = await findRecipe(db, name);
  const content =
    recipe &&
    (version === undefined ? await latestContent(db, recipe.id) : await contentByVersion(db, recipe.id, version));
  if (recipe === undefined || content === undefined) return undefined;
  const query = db.selectFrom('base_image').selectAll().where('id', '=', content.base_image_id);
  return { recipe, content, base: await query.executeTakeFirstOrThrow() };
}

/** A version by its id, which some other row refers to. */
export async function findContent(db: Store, id: number): Promise<RecipeContent> {
  return db.selectFrom('recipe_content').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

/** The build contexts that versions were made with, each with one of those versions; versions without one are left out. */
export async function contextDigests(db: Store): Promise<{ digest: string; name: string; version: number }[]> {
  const rows = await db
    .selectFrom('recipe_content')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .select(['recipe_content.context_digest as digest', 'recipe.name', 'recipe_content.version'])
    .where('recipe_content.context_digest', 'is not', null)
    .groupBy('recipe_content.context_digest')
    .execute();
  return rows.map(({ digest, ...version }) => ({ digest: digest ?? '', ...version }));
}
