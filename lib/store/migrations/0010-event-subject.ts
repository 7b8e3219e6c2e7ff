import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What happened to one name is found without reading what happened to all others. */
export const eventSubject: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index event_of_subject on event (subject)`.execute(db);
  },
};
