import type { Insertable, Selectable } from 'kysely';

import type { Store } from './open.ts';
import type { Database } from './schema.ts';

export type BenchmarkRun = Selectable<Database['benchmark_run']>;
export type BenchmarkPair = Selectable<Database['benchmark_pair']>;
export type NewBenchmarkRun = Omit<Insertable<Database['benchmark_run']>, 'id' | 'name' | 'folder'>;

/**
 * Writes down a run with its plan; call it inside a transaction. It is called `BENCHMARK-DATE.N`, N counting the runs of the
 * benchmark on that day, and `folderOf` says where its outputs go.
 */
export async function insertBenchmarkRun(
  db: Store,
  run: NewBenchmarkRun,
  plan: Omit<BenchmarkPair, 'benchmark_run_id'>[],
  date: string,
  folderOf: (name: string) => string,
): Promise<BenchmarkRun> {
  const prefix = `${run.benchmark}-${date}.`;
  const names = await db.selectFrom('benchmark_run').select('name').where('name', 'like', `${prefix}%`).execute();
  const last = Math.max(0, ...names.map(({ name }) => Number(name.slice(prefix.length))));
  const name = `${prefix}${last + 1}`;
  const row = await db
    .insertInto('benchmark_run')
    .values({ ...run, name, folder: folderOf(name) })
    .returningAll()
    .executeTakeFirstOrThrow();
  for (const pair of plan)
    await db
      .insertInto('benchmark_pair')
      .values({ benchmark_run_id: row.id, ...pair })
      .execute();
  return row;
}

export async function findBenchmarkRun(db: Store, name: string): Promise<BenchmarkRun | undefined> {
  return db.selectFrom('benchmark_run').selectAll().where('name', '=', name).executeTakeFirst();
}

export async function benchmarkRun(db: Store, id: number): Promise<BenchmarkRun> {
  return db.selectFrom('benchmark_run').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

/** All runs, the oldest first. */
export async function listBenchmarkRuns(db: Store): Promise<BenchmarkRun[]> {
  return db.selectFrom('benchmark_run').selectAll().orderBy('id').execute();
}

/** The plan of a run in its order. */
export async function pairsOfRun(db: Store, runId: number): Promise<BenchmarkPair[]> {
  return db
    .selectFrom('benchmark_pair')
    .selectAll()
    .where('benchmark_run_id', '=', runId)
    .orderBy('allocation')
    .orderBy('position')
    .execute();
}
