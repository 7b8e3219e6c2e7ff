import { sql } from 'kysely';

import type { Store } from './open.ts';
import type { InstanceStatus } from './schema.ts';

/** A good image that has its file, as far as the store knows. */
export interface ImageOnDisk {
  id: number;
  buildTagId: number;
  name: string;
  tag: string;
  group: string | null;
  file: string;
  size: number;
  sha256: string;
  /** Seconds since the epoch. */
  builtAt: number;
  currentUntil: number | null;
  current: boolean;
  pinned: boolean;
  retired: boolean;
}

/** What a file under a tag's folders may belong to. */
export interface TagInstance {
  name: string;
  status: InstanceStatus;
  group: string | null;
  size: number | null;
  removed_at: number | null;
  changed_at: number;
}

/** All good images with a file, by name and tag. */
export async function imagesOnDisk(db: Store): Promise<ImageOnDisk[]> {
  const { rows } = await sql<Omit<ImageOnDisk, 'current' | 'pinned' | 'retired'> & Record<string, 0 | 1>>`
    select i.id, i.build_tag_id as "buildTagId", recipe.name, build_tag.name as tag, i."group", i.file, i.size, i.sha256,
      coalesce(i.ended_at, i.changed_at) as "builtAt", i.current_until as "currentUntil",
      current_image.recipe_id is not null as current, current_image.pinned_at is not null as pinned,
      recipe.retired_at is not null as retired
    from recipe
      join recipe_content on recipe_content.recipe_id = recipe.id
      join container_instance i on i.recipe_content_id = recipe_content.id and i.status = 'success' and i.removed_at is null
      join build_tag on build_tag.id = i.build_tag_id
      left join current_image on current_image.recipe_id = recipe.id and current_image.container_instance_id = i.id
    order by recipe.name, i.build_tag_id`.execute(db);
  return rows.map((row) => ({
    ...row,
    current: row['current'] === 1,
    pinned: row['pinned'] === 1,
    retired: row['retired'] === 1,
  }));
}

/** The instances of a tag by its name; undefined if there is no such tag. */
export async function instancesByTagName(db: Store, tag: string): Promise<TagInstance[] | undefined> {
  const found = await db.selectFrom('build_tag').select('id').where('name', '=', tag).executeTakeFirst();
  if (found === undefined) return undefined;
  return db
    .selectFrom('container_instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .select(['recipe.name', 'container_instance.status', 'container_instance.group', 'container_instance.size'])
    .select(['container_instance.removed_at', 'container_instance.changed_at'])
    .where('container_instance.build_tag_id', '=', found.id)
    .execute();
}

/**
 * Says of a good image that its file is deleted; false if it has become current since it was looked at, or is deleted
 * already. Its row stays.
 */
export async function markRemoved(db: Store, id: number, message: string, now: number): Promise<boolean> {
  const result = await db
    .updateTable('container_instance')
    .set({ removed_at: now, message })
    .where('id', '=', id)
    .where('status', '=', 'success')
    .where('removed_at', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('current_image').select('recipe_id').where('container_instance_id', '=', id))),
    )
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
