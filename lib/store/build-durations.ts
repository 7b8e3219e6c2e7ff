import { sql } from 'kysely';

import type { Store } from './open.ts';

/** How long the build of each published image took, in seconds by name: what its next build is expected to take. */
export async function expectedDurations(db: Store): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('current_image')
    .innerJoin('container_instance', 'container_instance.id', 'current_image.container_instance_id')
    .innerJoin('recipe', 'recipe.id', 'current_image.recipe_id')
    .select(['recipe.name', sql<number | null>`ended_at - started_at`.as('seconds')])
    .execute();
  return new Map(rows.flatMap(({ name, seconds }) => (seconds === null ? [] : [[name, Math.max(0, seconds)]])));
}
