import type { Store } from './open.ts';

/** A recipe version as the history shows it. */
export interface VersionRow {
  name: string;
  version: number;
  base: string;
  origin: string | null;
  created_at: number;
  created_by: string;
  message: string | null;
}

/** Every version of every recipe, by name and version. */
export async function listVersions(db: Store): Promise<VersionRow[]> {
  return db
    .selectFrom('recipe_content')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .innerJoin('base_image', 'base_image.id', 'recipe_content.base_image_id')
    .select([
      'recipe.name',
      'recipe_content.version',
      'base_image.location as base',
      'recipe_content.origin',
      'recipe_content.created_at',
      'recipe_content.created_by',
      'recipe_content.message',
    ])
    .orderBy('recipe.name')
    .orderBy('recipe_content.version')
    .execute();
}
