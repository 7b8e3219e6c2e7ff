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

/** Every name with what its images take, by name. One walk through an index that has nothing but the images on the share. */
export async function usageOfNames(db: Store): Promise<NameUsage[]> {
  const { rows } = await sql<NameUsage>`
    with on_disk as (
      select recipe_content_id, count(*) as images, sum(size) as bytes, max(ended_at) as newest
      from container_instance indexed by container_instance_on_disk
      where status = 'success' and removed_at is null group by recipe_content_id)
    select recipe.name, recipe."group", recipe.retired_at is not null as retired, count(recipe_content.id) as versions,
      coalesce(sum(images), 0) as images, coalesce(sum(bytes), 0) as bytes, max(newest) as newest
    from recipe
      left join recipe_content on recipe_content.recipe_id = recipe.id
      left join on_disk on on_disk.recipe_content_id = recipe_content.id
    group by recipe.id order by recipe.name`.execute(db);
  return rows;
}
