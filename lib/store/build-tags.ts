import type { Selectable } from 'kysely';

import type { Store } from './open.ts';
import type { Database } from './schema.ts';

export type BuildTag = Selectable<Database['build_tag']>;

/**
 * The next free tag of a day: `2026-11-22.1`, then `.2`, without those that are `taken`. Call it inside the transaction that
 * inserts it.
 */
export async function nextTagName(db: Store, day: string, taken: (name: string) => boolean): Promise<string> {
  const rows = await db.selectFrom('build_tag').select('name').where('name', 'like', `${day}.%`).execute();
  const last = Math.max(0, ...rows.map(({ name }) => Number(name.slice(day.length + 1))));
  let next = last + 1;
  while (taken(`${day}.${next}`)) next += 1;
  return `${day}.${next}`;
}

/** Adds a tag, started by `by`, and returns its id; the name has to be new. */
export async function insertBuildTag(
  db: Store,
  tag: { name: string; buildsPath: string; logsPath: string },
  by: string,
  now: number,
): Promise<number> {
  const { id } = await db
    .insertInto('build_tag')
    .values({ name: tag.name, builds_path: tag.buildsPath, logs_path: tag.logsPath, created_at: now, created_by: by })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** The tag of that name, if there is one. */
export async function findBuildTag(db: Store, name: string): Promise<BuildTag | undefined> {
  return db.selectFrom('build_tag').selectAll().where('name', '=', name).executeTakeFirst();
}

/** The newest build tag; undefined before the first one. */
export async function newestTagName(db: Store): Promise<string | undefined> {
  const row = await db.selectFrom('build_tag').select('name').orderBy('id', 'desc').limit(1).executeTakeFirst();
  return row?.name;
}

/** Most elements of each of a tag's arrays that run at once; 0: no limit. */
export async function setTagThrottle(db: Store, id: number, throttle: number): Promise<void> {
  await db.updateTable('build_tag').set({ throttle }).where('id', '=', id).execute();
}

/** All tags, the oldest first. */
export async function listBuildTags(db: Store): Promise<BuildTag[]> {
  return db.selectFrom('build_tag').selectAll().orderBy('id').execute();
}
