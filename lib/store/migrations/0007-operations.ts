import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  `create table schedule (
    name text primary key,
    cron text not null,
    time_zone text not null,
    due_at integer not null,
    runner text,
    last_at integer,
    last_result text check (last_result in ('started', 'overlap', 'missed', 'failed', 'waiting')),
    last_message text,
    last_tag_id integer references build_tag (id)
  )`,
  `create table tag_hold (
    build_tag_id integer primary key references build_tag (id),
    state text not null check (state in ('held', 'releasing', 'released')),
    released_at integer,
    released_by text,
    check ((state = 'held') = (released_by is null))
  )`,
  `create table tag_end (
    build_tag_id integer primary key references build_tag (id),
    ended_at integer not null
  )`,
  `create table tag_notice (
    build_tag_id integer not null references build_tag (id),
    channel text not null check (channel in ('exec', 'mail')),
    state text not null check (state in ('waiting', 'sending', 'sent', 'given-up')),
    attempts integer not null,
    sender text,
    next_at integer not null,
    message text,
    primary key (build_tag_id, channel)
  ) without rowid`,
  // Nobody wants to be told today of what ended before there were notices.
  `insert into tag_end select id, created_at from build_tag where id not in
    (select build_tag_id from container_instance where status in ('pending', 'queued', 'building'))`,
];

/** Schedules with their state, tags whose publication is held, and who has been told of a tag's end. */
export const operations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
