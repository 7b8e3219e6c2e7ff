import type { Store } from './open.ts';

/** What an instance was built from, also when its file is gone; undefined if there is no such instance. */
export async function findInputs(
  db: Store,
  name: string,
  tag: string,
): Promise<{ definition: string; context_digest: string | null } | undefined> {
  return db
    .selectFrom('container_instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .select(['container_instance.definition', 'recipe_content.context_digest'])
    .where('recipe.name', '=', name)
    .where('build_tag.name', '=', tag)
    .executeTakeFirst();
}
