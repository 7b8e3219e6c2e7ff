import type { NotNull } from 'kysely';

import type { Store } from './open.ts';

/** What NAME means now. */
export interface CurrentImage {
  recipeId: number;
  instanceId: number;
  buildTagId: number;
  tag: string;
  sha256: string;
}

export async function findCurrentImage(db: Store, recipeId: number): Promise<CurrentImage | undefined> {
  return currentImages(db).where('current_image.recipe_id', '=', recipeId).executeTakeFirst();
}

export async function listCurrentImages(db: Store): Promise<CurrentImage[]> {
  return currentImages(db).execute();
}

export async function setCurrentImage(
  db: Store,
  recipeId: number,
  instanceId: number,
  by: string,
  now: number,
): Promise<void> {
  const values = { container_instance_id: instanceId, since: now, changed_by: by };
  await db
    .insertInto('current_image')
    .values({ recipe_id: recipeId, ...values })
    .onConflict((conflict) => conflict.column('recipe_id').doUpdateSet(values))
    .execute();
}

function currentImages(db: Store) {
  return (
    db
      .selectFrom('current_image')
      .innerJoin('container_instance', 'container_instance.id', 'current_image.container_instance_id')
      .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
      .select([
        'current_image.recipe_id as recipeId',
        'current_image.container_instance_id as instanceId',
        'container_instance.build_tag_id as buildTagId',
        'build_tag.name as tag',
        'container_instance.sha256',
      ])
      // Only good images become current, and those have one.
      .$narrowType<{ sha256: NotNull }>()
  );
}
