import { sql } from 'kysely';

import type { Store } from './open.ts';
import type { FailureKind, InstanceStatus } from './schema.ts';

/** A recipe version as the history shows it. */
export interface VersionRow {
  name: string;
  group: string | null;
  retired_at: number | null;
  version: number;
  base: string;
  origin: string | null;
  created_at: number;
  created_by: string;
  message: string | null;
}

/** An instance as the catalogue shows it: everything but its definition. */
export interface BuildRow {
  id: number;
  name: string;
  /** The group that may see it now; the file may still be on its way there. */
  group: string | null;
  tag: string;
  version: number;
  base: string;
  status: InstanceStatus;
  current: 0 | 1;
  pinned: 0 | 1;
  failure_kind: FailureKind | null;
  message: string | null;
  reason: string | null;
  node: string | null;
  file: string | null;
  size: number | null;
  sha256: string | null;
  removed_at: number | null;
  job_id: number | null;
  array_index: number;
  started_at: number | null;
  ended_at: number | null;
  changed_at: number;
  class: string;
  attempt: number;
  /** JSON: `NAME:VERSION` of each overlay, in order. */
  overlays: string;
  /** JSON: the earlier attempts, oldest first, with the catalogue's keys. */
  attempts: string;
  /** JSON: when its name meant it, oldest first, with the catalogue's keys. */
  meant: string;
}

/**
 * Which builds: all of one name; all of one tag and the unfinished ones of others; or of every name the newest ones, the
 * current and the unfinished.
 */
export type BuildSelection = { name: string } | { tag: string } | { newest: number };

/** Every version of every recipe, or of one, by name and version. */
export async function listVersions(db: Store, name?: string): Promise<VersionRow[]> {
  return db
    .selectFrom('recipe_content')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .innerJoin('base_image', 'base_image.id', 'recipe_content.base_image_id')
    .select([
      'recipe.name',
      'recipe.group',
      'recipe.retired_at',
      'recipe_content.version',
      'base_image.location as base',
      'recipe_content.origin',
      'recipe_content.created_at',
      'recipe_content.created_by',
      'recipe_content.message',
    ])
    .$if(name !== undefined, (query) => query.where('recipe.name', '=', name ?? ''))
    .orderBy('recipe.name')
    .orderBy('recipe_content.version')
    .execute();
}

/** Builds in the order of their tags. Takes time for what it returns, not for what the store holds. */
export async function listBuilds(db: Store, selection: BuildSelection): Promise<BuildRow[]> {
  const result = await sql<BuildRow>`
    with wanted (id) as (${wantedIds(selection)})
    select i.id, recipe.name, recipe."group", build_tag.name as tag, recipe_content.version,
      base_image.location as base, i.status, i.failure_kind, i.message, i.reason, i.node, i.file, i.size, i.sha256,
      i.removed_at, i.attempt, build_array.class, build_array.job_id, i.array_index, i.started_at, i.ended_at, i.changed_at,
      current_image.container_instance_id is not null as current, current_image.pinned_at is not null as pinned,
      (select json_group_array(label) from (
        select overlay.name || ':' || overlay_content.version as label from instance_overlay
          join overlay_content on overlay_content.id = instance_overlay.overlay_content_id
          join overlay on overlay.id = overlay_content.overlay_id
          where instance_overlay.container_instance_id = i.id order by instance_overlay.position)) as overlays,
      (select json_group_array(json_object('number', number, 'status', status, 'failure_kind', failure_kind,
          'message', message, 'node', node, 'job', job, 'started', started_at, 'ended', ended_at)) from (
        select instance_attempt.*, build_array.job_id || '_' || instance_attempt.array_index as job from instance_attempt
          join build_array on build_array.id = instance_attempt.build_array_id
          where instance_attempt.container_instance_id = i.id order by instance_attempt.number)) as attempts,
      (select json_group_array(json_object('from', since, 'until', until)) from (
        select m.since, (select min(later.since) from name_meaning later
            where later.recipe_id = m.recipe_id and later.id > m.id) as until
          from name_meaning m where m.container_instance_id = i.id order by m.id)) as meant
    from wanted
      cross join container_instance i on i.id = wanted.id
      join recipe_content on recipe_content.id = i.recipe_content_id
      join recipe on recipe.id = recipe_content.recipe_id
      join base_image on base_image.id = recipe_content.base_image_id
      join build_tag on build_tag.id = i.build_tag_id
      join build_array on build_array.id = i.build_array_id
      left join current_image on current_image.recipe_id = recipe.id and current_image.container_instance_id = i.id
    order by i.build_tag_id, i.task_index`.execute(db);
  return result.rows;
}

function wantedIds(selection: BuildSelection) {
  if ('name' in selection) {
    return sql`select i.id from recipe join recipe_content on recipe_content.recipe_id = recipe.id
      join container_instance i on i.recipe_content_id = recipe_content.id where recipe.name = ${selection.name}`;
  }
  if ('tag' in selection) {
    return sql`select i.id from build_tag join container_instance i on i.build_tag_id = build_tag.id
      where build_tag.name = ${selection.tag}
      union select id from container_instance indexed by container_instance_unfinished
      where status in ('pending', 'queued', 'building')`;
  }
  // The inner limit is answered by the index alone, which ends with the row's id: nothing is read and thrown away.
  return sql`
    select id from (
      select i.id, row_number() over (partition by c.recipe_id order by i.id desc) as place
      from recipe_content c join container_instance i on i.id in (
        select x.id from container_instance x where x.recipe_content_id = c.id order by x.id desc
        limit ${selection.newest}))
    where place <= ${selection.newest}
    union select container_instance_id from current_image
    union select id from container_instance indexed by container_instance_unfinished
      where status in ('pending', 'queued', 'building')`;
}
