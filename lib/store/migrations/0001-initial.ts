import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Tables whose rows are history, with their unique keys: no row is ever changed or deleted, whoever asks. */
const immutableTables: Record<string, string[][]> = {
  recipe_content: [['id'], ['recipe_id', 'version']],
  container_build_task: [['recipe_content_id', 'position']],
  container_file: [['recipe_content_id', 'position']],
  container_environment: [['recipe_content_id', 'position']],
  container_label: [['recipe_content_id', 'position']],
  container_runscript: [['recipe_content_id', 'position']],
  container_startscript: [['recipe_content_id', 'position']],
  overlay_content: [['id'], ['overlay_id', 'version']],
  overlay_task: [['overlay_content_id', 'position']],
  instance_overlay: [['container_instance_id', 'position']],
  event: [['id']],
};

/** True for a row that has one of the table's unique keys already. */
function taken(table: string, keys: string[][]): string {
  return keys
    .map((key) => `exists (select 1 from ${table} where ${key.map((name) => `${name} = new.${name}`).join(' and ')})`)
    .join(' or ');
}

const tables = [
  `create table base_image (
    id integer primary key,
    name text not null unique,
    type text not null check (type in ('docker')),
    location text not null,
    package_manager text,
    distribution text,
    created_at integer not null,
    unique (type, location)
  )`,
  `create table recipe (
    id integer primary key,
    name text not null unique,
    base_image_id integer not null references base_image (id),
    dockerfile_location text not null,
    context_location text,
    class text,
    created_at integer not null,
    created_by text not null
  )`,
  `create table recipe_content (
    id integer primary key,
    recipe_id integer not null references recipe (id),
    version integer not null check (version >= 1),
    base_image_id integer not null references base_image (id),
    dockerfile text not null,
    dockerfile_hash text not null,
    build_arguments text not null,
    context_digest text,
    context_manifest text not null,
    image_config text not null,
    created_at integer not null,
    created_by text not null,
    message text,
    unique (recipe_id, version)
  )`,
  `create table container_build_task (
    recipe_content_id integer not null references recipe_content (id),
    position integer not null,
    kind text not null,
    content text not null,
    line integer not null,
    instruction text not null,
    primary key (recipe_content_id, position)
  ) without rowid`,
  `create table container_file (
    recipe_content_id integer not null references recipe_content (id),
    position integer not null,
    kind text not null,
    sources text not null,
    destination text not null,
    options text not null,
    line integer not null,
    instruction text not null,
    primary key (recipe_content_id, position)
  ) without rowid`,
  ...['container_environment', 'container_label'].map(
    (name) => `create table ${name} (
    recipe_content_id integer not null references recipe_content (id),
    position integer not null,
    name text not null,
    value text not null,
    primary key (recipe_content_id, position)
  ) without rowid`,
  ),
  ...['container_runscript', 'container_startscript'].map(
    (name) => `create table ${name} (
    recipe_content_id integer not null references recipe_content (id),
    position integer not null,
    role text not null check (role in ('entrypoint', 'cmd')),
    word text not null,
    primary key (recipe_content_id, position)
  ) without rowid`,
  ),
  `create table overlay (
    id integer primary key,
    name text not null unique,
    position integer not null,
    removed_at integer,
    created_at integer not null
  )`,
  `create table overlay_content (
    id integer primary key,
    overlay_id integer not null references overlay (id),
    version integer not null check (version >= 1),
    selector_kind text not null check (selector_kind in ('all', 'package-manager', 'distribution', 'base', 'recipe')),
    selector_value text not null,
    created_at integer not null,
    created_by text not null,
    message text,
    unique (overlay_id, version)
  )`,
  `create table overlay_task (
    overlay_content_id integer not null references overlay_content (id),
    position integer not null,
    command text not null,
    primary key (overlay_content_id, position)
  ) without rowid`,
  `create table build_tag (
    id integer primary key,
    name text not null unique,
    builds_path text not null,
    logs_path text not null,
    created_at integer not null,
    created_by text not null
  )`,
  `create table build_array (
    id integer primary key,
    build_tag_id integer not null references build_tag (id),
    class text not null,
    marker text not null unique,
    state text not null check (state in ('planned', 'submitting', 'submitted', 'refused')),
    submitter text,
    attempted_at integer,
    missing_since integer,
    job_id integer,
    cluster text,
    submitted_at integer,
    message text
  )`,
  `create table container_instance (
    id integer primary key,
    build_tag_id integer not null references build_tag (id),
    build_array_id integer not null references build_array (id),
    recipe_content_id integer not null references recipe_content (id),
    task_index integer not null,
    array_index integer not null,
    status text not null check
      (status in ('pending', 'queued', 'building', 'success', 'failure', 'cancelled', 'lost')),
    failure_kind text check
      (failure_kind in ('build', 'test', 'oom', 'timeout', 'node', 'infrastructure', 'publish')),
    message text,
    reason text,
    node text,
    exit_code integer,
    file text,
    size integer,
    sha256 text,
    input_hash text not null,
    definition text not null,
    started_at integer,
    ended_at integer,
    missing_since integer,
    changed_at integer not null,
    check ((status = 'failure') = (failure_kind is not null)),
    check (status <> 'success' or (file is not null and sha256 is not null and size is not null)),
    unique (build_tag_id, task_index),
    unique (build_array_id, array_index),
    unique (build_tag_id, recipe_content_id)
  )`,
  `create index container_instance_unfinished on container_instance (build_tag_id)
    where status in ('pending', 'queued', 'building')`,
  `create index container_instance_content on container_instance (recipe_content_id)`,
  `create table instance_overlay (
    container_instance_id integer not null references container_instance (id),
    position integer not null,
    overlay_content_id integer not null references overlay_content (id),
    primary key (container_instance_id, position)
  ) without rowid`,
  `create table current_image (
    recipe_id integer primary key references recipe (id),
    container_instance_id integer not null references container_instance (id),
    since integer not null,
    changed_by text not null
  )`,
  `create table event (
    id integer primary key,
    at integer not null,
    actor text not null,
    kind text not null,
    subject text not null,
    detail text not null
  )`,
];

const triggers = [
  ...Object.entries(immutableTables).flatMap(([table, keys]) => [
    // `insert or replace` deletes without asking the delete trigger (sqlite.org/lang_conflict.html, REPLACE).
    `create trigger ${table}_is_not_replaced before insert on ${table} when ${taken(table, keys)}
      begin select raise(abort, '${table} is history and is never replaced'); end`,
    `create trigger ${table}_is_not_changed before update on ${table}
      begin select raise(abort, '${table} is history and is never changed'); end`,
    `create trigger ${table}_is_not_deleted before delete on ${table}
      begin select raise(abort, '${table} is history and is never deleted'); end`,
  ]),
  `create trigger container_instance_end_is_final before update of status on container_instance
    when old.status in ('success', 'failure', 'cancelled') and new.status <> old.status
    begin select raise(abort, 'a finished instance keeps its status'); end`,
];

/** The first schema: the thesis' tables, overlays with selectors, submitted arrays, current images and events. */
export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...tables, ...triggers]) await sql.raw(statement).execute(db);
  },
};
