import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  // Version of Apptainer that built the image; unknown for those that are older than this column.
  `alter table container_instance add column apptainer text`,
  // What an instance's definition starts from: an image of a registry, with its digest if that was known, or one of ours.
  `create table instance_base (
    container_instance_id integer not null references container_instance (id),
    position integer not null,
    reference text not null,
    digest text,
    base_instance_id integer references container_instance (id),
    primary key (container_instance_id, position),
    check (digest is null or base_instance_id is null)
  ) without rowid`,
  `create index instance_base_image on instance_base (base_instance_id) where base_instance_id is not null`,
  `create trigger instance_base_is_not_replaced before insert on instance_base
    when exists (select 1 from instance_base
      where container_instance_id = new.container_instance_id and position = new.position)
    begin select raise(abort, 'instance_base is history and is never replaced'); end`,
  ...(['update', 'delete'] as const).map(
    (verb) => `create trigger instance_base_is_not_${verb}d before ${verb} on instance_base
    begin select raise(abort, 'instance_base is history and is never ${verb}d'); end`,
  ),
];

/** The exact base images of every instance, and the Apptainer that built it. */
export const incremental: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
