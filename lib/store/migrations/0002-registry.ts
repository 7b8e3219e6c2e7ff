import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const refusal = (what: string): string =>
  `begin select raise(abort, 'container_base_config is history and is never ${what}'); end`;

const statements = [
  // How a version was asked for, so that reading its Dockerfile again can ask for the same.
  'alter table recipe_content add column target text',
  'alter table recipe_content add column platform text',
  'alter table recipe_content add column strict integer not null default 0',
  'alter table recipe_content add column pull_config integer not null default 1',
  // What was known of the base images then.
  `create table container_base_config (
    recipe_content_id integer not null references recipe_content (id),
    position integer not null,
    reference text not null,
    origin text not null check (origin in ('file', 'registry')),
    digest text,
    config text not null,
    primary key (recipe_content_id, position)
  ) without rowid`,
  `create trigger container_base_config_is_not_replaced before insert on container_base_config when exists
    (select 1 from container_base_config where recipe_content_id = new.recipe_content_id and position = new.position)
    ${refusal('replaced')}`,
  `create trigger container_base_config_is_not_changed before update on container_base_config ${refusal('changed')}`,
  `create trigger container_base_config_is_not_deleted before delete on container_base_config ${refusal('deleted')}`,
];

/** Options of an import and the configurations of its base images stay with the version. */
export const registry: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
