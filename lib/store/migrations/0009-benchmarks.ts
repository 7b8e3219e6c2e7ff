import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Tables whose rows are history, with their unique keys. */
const immutableTables: Record<string, string[][]> = {
  benchmark_run: [['id'], ['name']],
  benchmark_pair: [['benchmark_run_id', 'allocation', 'position']],
  benchmark_result: [['benchmark_submission_id', 'allocation', 'position', 'leg']],
};

const tables = [
  `create table benchmark_run (
    id integer primary key,
    name text not null unique,
    benchmark text not null,
    summary text not null,
    definition text not null,
    parameters text not null,
    requested text not null,
    metrics text not null,
    settings text not null,
    run_script text not null,
    image_name text not null,
    image_tag text not null,
    image_sha256 text not null,
    image_file text not null,
    aa integer not null check (aa in (0, 1)),
    seed text not null,
    generator text not null,
    allocations integer not null check (allocations >= 1),
    folder text not null,
    job_user text not null,
    created_at integer not null,
    created_by text not null
  )`,
  `create table benchmark_pair (
    benchmark_run_id integer not null references benchmark_run (id),
    allocation integer not null check (allocation >= 0),
    block integer not null,
    position integer not null check (position >= 0),
    sequence text not null check (sequence in ('bare-first', 'container-first')),
    primary key (benchmark_run_id, allocation, position)
  ) without rowid`,
  `create table benchmark_submission (
    id integer primary key,
    benchmark_run_id integer not null references benchmark_run (id),
    number integer not null check (number >= 1),
    marker text not null unique,
    script text not null,
    allocations text not null,
    state text not null check (state in ('planned', 'submitting', 'submitted', 'refused', 'finished')),
    submitter text,
    attempted_at integer,
    missing_since integer,
    job_id integer,
    submitted_at integer,
    message text,
    unique (benchmark_run_id, number)
  )`,
  `create table benchmark_result (
    benchmark_submission_id integer not null references benchmark_submission (id),
    allocation integer not null,
    position integer not null check (position >= -1),
    leg text not null check (leg in ('bare', 'container')),
    measurements text not null,
    parameters text not null,
    nodes text not null,
    started real not null,
    ended real not null,
    exit_code integer not null,
    covariates text not null,
    output text not null,
    output_sha256 text not null,
    invalid text,
    collected_at integer not null,
    primary key (benchmark_submission_id, allocation, position, leg)
  ) without rowid`,
];

function guards(table: string, keys: string[][]): string[] {
  const taken = keys.map(
    (key) => `exists (select 1 from ${table} where ${key.map((name) => `${name} = new.${name}`).join(' and ')})`,
  );
  return [
    // `insert or replace` deletes without asking the delete trigger (sqlite.org/lang_conflict.html, REPLACE).
    `create trigger ${table}_is_not_replaced before insert on ${table} when ${taken.join(' or ')}
      begin select raise(abort, '${table} is history and is never replaced'); end`,
    `create trigger ${table}_is_not_changed before update on ${table}
      begin select raise(abort, '${table} is history and is never changed'); end`,
    `create trigger ${table}_is_not_deleted before delete on ${table}
      begin select raise(abort, '${table} is history and is never deleted'); end`,
  ];
}

const triggers = [
  ...Object.entries(immutableTables).flatMap(([table, keys]) => guards(table, keys)),
  // The plan is drawn once: nobody adds pairs until the result is as hoped.
  `create trigger benchmark_pair_is_complete before insert on benchmark_pair
    when exists (select 1 from benchmark_submission where benchmark_run_id = new.benchmark_run_id)
      and not exists (select 1 from benchmark_pair where benchmark_run_id = new.benchmark_run_id
        and allocation = new.allocation and position = new.position)
    begin select raise(abort, 'the plan of a submitted benchmark run is complete'); end`,
];

/** Benchmark runs: the drawn plan, what was submitted, and one row for each leg that has run. */
export const benchmarks: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...tables, ...triggers]) await sql.raw(statement).execute(db);
  },
};
