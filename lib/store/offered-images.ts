import type { Store } from './open.ts';
import type { ContentKind } from './schema.ts';

/** A name that is offered, and what it means now. */
export interface OfferedImage {
  name: string;
  group: string | null;
  /** Null while nothing has been published. */
  file: string | null;
  kind: ContentKind | null;
}

/** All names that are not retired, by name. */
export async function offeredImages(db: Store): Promise<OfferedImage[]> {
  return db
    .selectFrom('recipe')
    .leftJoin('current_image', 'current_image.recipe_id', 'recipe.id')
    .leftJoin('container_instance', 'container_instance.id', 'current_image.container_instance_id')
    .leftJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .select(['recipe.name', 'recipe.group', 'container_instance.file', 'recipe_content.kind'])
    .where('recipe.retired_at', 'is', null)
    .orderBy('recipe.name')
    .execute();
}
