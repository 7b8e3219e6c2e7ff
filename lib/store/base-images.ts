import type { Selectable } from 'kysely';

import type { Store } from './open.ts';
import type { Database } from './schema.ts';

export type BaseImage = Selectable<Database['base_image']>;

export interface NewBaseImage {
  name: string;
  location: string;
  packageManager: string | null;
  distribution: string | null;
}

/** The base image that FROM names so; undefined if no recipe has had it. */
export async function findBaseImageByLocation(db: Store, location: string): Promise<BaseImage | undefined> {
  return db.selectFrom('base_image').selectAll().where('location', '=', location).executeTakeFirst();
}

/** The base image that ctmgr calls so. */
export async function findBaseImageByName(db: Store, name: string): Promise<BaseImage | undefined> {
  return db.selectFrom('base_image').selectAll().where('name', '=', name).executeTakeFirst();
}

/** All base images by name, each with the number of recipes that are based on it. */
export async function listBaseImages(db: Store): Promise<(BaseImage & { recipes: number })[]> {
  return db
    .selectFrom('base_image')
    .leftJoin('recipe', 'recipe.base_image_id', 'base_image.id')
    .selectAll('base_image')
    .select((eb) => eb.fn.count<number>('recipe.id').as('recipes'))
    .groupBy('base_image.id')
    .orderBy('base_image.name')
    .execute();
}

/** Adds a base image; its name and its location have to be new. `now`: seconds since the epoch. */
export async function insertBaseImage(db: Store, base: NewBaseImage, now: number): Promise<BaseImage> {
  return db
    .insertInto('base_image')
    .values({
      name: base.name,
      type: 'docker',
      location: base.location,
      package_manager: base.packageManager,
      distribution: base.distribution,
      created_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Changes what overlays select by; undefined leaves a field as it is. */
export async function updateBaseImage(
  db: Store,
  id: number,
  change: { distribution?: string; packageManager?: string },
): Promise<void> {
  const fields = {
    ...(change.distribution === undefined ? {} : { distribution: change.distribution }),
    ...(change.packageManager === undefined ? {} : { package_manager: change.packageManager }),
  };
  if (Object.keys(fields).length > 0) await db.updateTable('base_image').set(fields).where('id', '=', id).execute();
}
