import { sql } from 'kysely';

import type { Store } from './open.ts';

/** What one name takes on the share. */
export interface NameUsage {
  name: string;
  group: string | null;
  retired: 0 | 1;
  /** Image files on the share, and their bytes together. */
  images: number;
  bytes: number;
  /** Recipe versions. */
  versions: number;
  /** Seconds since the epoch; of the newest image that is there. */
  newest: number | null;
}

/** Every name with what its images take, by name. */
export async function usageOfNames(db: Store): Promise<NameUsage[]> {
  const { rows } = await sql<NameUsage>`
    select recipe.name, recipe."group", recipe.retired_at is not null as retired,
      (select count(*) from recipe_content where recipe_content.recipe_id = recipe.id) as versions,
      count(i.id) as images, coalesce(sum(i.size), 0) as bytes, max(i.ended_at) as newest
    from recipe
      left join recipe_content on recipe_content.recipe_id = recipe.id
      left join container_instance i
        on i.recipe_content_id = recipe_content.id and i.status = 'success' and i.removed_at is null
    group by recipe.id order by recipe.name`.execute(db);
  return rows;
}
