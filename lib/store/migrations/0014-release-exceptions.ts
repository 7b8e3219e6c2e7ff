import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Names to which somebody has given a meaning while the release of a tag was recorded and not complete: it leaves them alone. */
export const releaseExceptions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        `create table release_exception (
          build_tag_id integer not null references tag_hold (build_tag_id),
          recipe_id integer not null references recipe (id),
          primary key (build_tag_id, recipe_id)
        ) without rowid`,
      )
      .execute(db);
  },
};
