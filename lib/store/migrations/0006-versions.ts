import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  // Where a version was read from; unknown for those that are older than this column.
  `alter table recipe_content add column origin text`,
];

/** Versions know where they come from. */
export const versions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
