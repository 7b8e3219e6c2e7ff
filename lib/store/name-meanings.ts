import { sql } from 'kysely';

import type { Store } from './open.ts';

/** What a name meant for some time. */
export interface NameMeaning {
  name: string;
  tag: string;
  /** Seconds since the epoch. */
  from: number;
  /** Null: until now. */
  until: number | null;
}

/** Writes down that a name's link means another image (null: nothing) from now on; nothing if it meant that before. */
export async function recordMeaning(
  db: Store,
  recipeId: number,
  instanceId: number | null,
  now: number,
): Promise<void> {
  const last = await db
    .selectFrom('name_meaning')
    .select('container_instance_id')
    .where('recipe_id', '=', recipeId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if ((last?.container_instance_id ?? null) === instanceId) return;
  await db
    .insertInto('name_meaning')
    .values({ recipe_id: recipeId, container_instance_id: instanceId, since: now })
    .execute();
}

/** What all names meant when. */
export async function listMeanings(db: Store): Promise<NameMeaning[]> {
  const { rows } = await sql<NameMeaning>`
    select recipe.name, build_tag.name as tag, m.since as "from",
      (select min(later.since) from name_meaning later where later.recipe_id = m.recipe_id and later.id > m.id) as until
    from name_meaning m
      join recipe on recipe.id = m.recipe_id
      join container_instance i on i.id = m.container_instance_id
      join build_tag on build_tag.id = i.build_tag_id
    order by m.id`.execute(db);
  return rows;
}
