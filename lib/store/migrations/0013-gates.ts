import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  // told: 1 when the tag's notice has said that the gate keeps its image back.
  `create table image_gate (
    container_instance_id integer not null references container_instance (id),
    gate text not null,
    state text not null check (state in ('waiting', 'running', 'held', 'passed', 'open')),
    benchmark_run_id integer references benchmark_run (id),
    message text,
    told integer not null default 0 check (told in (0, 1)),
    changed_at integer not null,
    primary key (container_instance_id, gate),
    check (state <> 'running' or benchmark_run_id is not null)
  ) without rowid`,
  `create index image_gate_closed on image_gate (state) where state <> 'open'`,
];

/** Benchmarks that an image has to pass before its name means it. */
export const gates: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
