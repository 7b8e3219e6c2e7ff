import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  // "group": who may read the images, null for everybody. link_behind: 1 while links on the share may say otherwise.
  `alter table recipe add column "group" text`,
  `alter table recipe add column retired_at integer`,
  `alter table recipe add column link_behind integer not null default 0 check (link_behind in (0, 1))`,
  `create index recipe_link_behind on recipe (id) where link_behind = 1`,
  `alter table current_image add column pinned_at integer`,
  // "group": where the image lies. current_until: when NAME last meant it, so that gc spares what jobs may still use.
  `alter table container_instance add column "group" text`,
  `alter table container_instance add column current_until integer`,
  `alter table container_instance add column removed_at integer`,
  // When older images stopped being current is not known: from now on is on the safe side.
  `update container_instance set current_until = cast(strftime('%s', 'now') as integer) where status = 'success'`,
  `create index container_instance_good on container_instance (recipe_content_id, build_tag_id)
    where status = 'success'`,
  `create index container_instance_on_disk on container_instance (recipe_content_id)
    where status = 'success' and removed_at is null`,
];

/** Pins, retired names, private images, and images whose file has been deleted. */
export const publishing: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
