import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  // What each node of a resource class reported with the last good image that it built.
  `create table node_apptainer (
    class text not null,
    node text not null,
    apptainer text not null,
    reported_at integer not null,
    primary key (class, node)
  ) without rowid`,
  // Of several rows of a group SQLite takes the other columns from that with the maximum (sqlite.org/lang_select.html#bareagg).
  `insert into node_apptainer (class, node, apptainer, reported_at)
    select class, node, apptainer, max(ended_at) from container_instance
      join build_array on build_array.id = build_array_id
    where status = 'success' and apptainer is not null and node is not null and ended_at is not null
    group by class, node`,
  // Covers what is asked about all images on the share: SQLite reads columns of the condition, too.
  `drop index container_instance_on_disk`,
  `create index container_instance_on_disk on container_instance
    (recipe_content_id, status, removed_at, size, ended_at)
    where status = 'success' and removed_at is null`,
];

/** Which Apptainer builds what is known without reading all builds, and what images take without reading their rows. */
export const knownNodes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
