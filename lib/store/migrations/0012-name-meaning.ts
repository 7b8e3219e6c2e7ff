import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  // What a name's link on the share meant from when on: null is nothing. A row holds until the next one of the recipe.
  `create table name_meaning (
    id integer primary key,
    recipe_id integer not null references recipe (id),
    container_instance_id integer references container_instance (id),
    since integer not null
  )`,
  `create index name_meaning_of_recipe on name_meaning (recipe_id, id)`,
  `create index name_meaning_of_instance on name_meaning (container_instance_id) where container_instance_id is not null`,
  // What was before the current meaning is known of no older database.
  `insert into name_meaning (recipe_id, container_instance_id, since)
    select recipe_id, container_instance_id, since from current_image order by since`,
  `create trigger name_meaning_is_not_replaced before insert on name_meaning
    when exists (select 1 from name_meaning where id = new.id)
    begin select raise(abort, 'name_meaning is history and is never replaced'); end`,
  `create trigger name_meaning_is_not_changed before update on name_meaning
    begin select raise(abort, 'name_meaning is history and is never changed'); end`,
  `create trigger name_meaning_is_not_deleted before delete on name_meaning
    begin select raise(abort, 'name_meaning is history and is never deleted'); end`,
];

/** What every name meant at any time, for what jobs of that time have run. */
export const nameMeaning: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
