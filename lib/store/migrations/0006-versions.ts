import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  // Where a version was read from; unknown for those that are older than this column.
  `alter table recipe_content add column origin text`,
  `alter table recipe_content add column kind text not null default 'dockerfile' check (kind in ('dockerfile', 'image'))`,
  `create table verification (
    id integer primary key,
    name text not null unique,
    subject text not null,
    created_at integer not null,
    created_by text not null,
    class text not null,
    platform text,
    "group" text,
    definition text not null,
    plan text not null,
    context_manifest text not null,
    overlays text not null,
    marker text not null unique,
    status text not null check
      (status in ('pending', 'queued', 'building', 'success', 'failure', 'cancelled', 'lost')),
    attempted_at integer,
    job_id integer,
    missing_since integer,
    failure_kind text,
    message text,
    node text,
    exit_code integer,
    started_at integer,
    ended_at integer
  )`,
  `create index verification_unfinished on verification (id) where status in ('pending', 'queued', 'building')`,
];

/** Versions know where they come from; ready images are versions too. Verification builds. */
export const versions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
