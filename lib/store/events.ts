import { sql } from 'kysely';

import type { Store } from './open.ts';

export interface NewEvent {
  actor: string;
  /** `NOUN.VERB`, such as `recipe.import`. */
  kind: string;
  /** What it happened to: a name, a tag, `NAME:TAG`. */
  subject: string;
  detail?: Record<string, unknown>;
}

/** Writes down what happened, for ever. */
export async function insertEvent(db: Store, event: NewEvent, now: number): Promise<void> {
  const { actor, kind, subject, detail } = event;
  await db
    .insertInto('event')
    .values({ at: now, actor, kind, subject, detail: JSON.stringify(detail ?? {}) })
    .execute();
}

/** Something that happened to a name and is neither a version nor a build of it. */
export interface NameEvent {
  at: number;
  actor: string;
  kind: string;
  /** The name, or the build tag. */
  subject: string;
  detail: Record<string, unknown>;
}

/**
 * What was done with a name, oldest first: moves, pins, the end and return of its offer, changes of its group, gates, and that
 * tags with a build of it were held (`tag.hold`, as of the tag's start) and published.
 */
export async function eventsOfName(db: Store, name: string): Promise<NameEvent[]> {
  const { rows } = await sql<Omit<NameEvent, 'detail'> & { detail: string }>`
    with held (id, name, created_at, created_by) as (
      select distinct build_tag.id, build_tag.name, build_tag.created_at, build_tag.created_by from recipe
        join recipe_content on recipe_content.recipe_id = recipe.id
        join container_instance i on i.recipe_content_id = recipe_content.id
        join tag_hold on tag_hold.build_tag_id = i.build_tag_id
        join build_tag on build_tag.id = tag_hold.build_tag_id
      where recipe.name = ${name})
    select id, at, actor, kind, subject, detail from event where subject = ${name} and kind in ('image.rollback',
      'image.pin', 'image.unpin', 'image.retire', 'recipe.group', 'recipe.revive', 'gate.pass', 'gate.hold', 'gate.override')
    union all select event.id, at, actor, kind, subject, detail from held
      join event on event.subject = held.name where kind = 'tag.publish'
    union all select 0, created_at, created_by, 'tag.hold', name, '{}' from held
    order by at, id`.execute(db);
  return rows.map((row) => ({ ...row, detail: JSON.parse(row.detail) as Record<string, unknown> }));
}
