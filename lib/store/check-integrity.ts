import { sql } from 'kysely';

import type { Store } from './open.ts';

/** What SQLite finds wrong with its file and between its tables (sqlite.org/pragma.html); empty if all is well. */
export async function checkIntegrity(db: Store): Promise<string[]> {
  const file = await sql<{ quick_check: string }>`pragma quick_check(10)`.execute(db);
  const keys = await sql<{ table: string; parent: string }>`pragma foreign_key_check`.execute(db);
  return [
    ...file.rows.map((row) => row.quick_check).filter((text) => text !== 'ok'),
    ...keys.rows.slice(0, 10).map(({ table, parent }) => `a row of ${table} refers to none of ${parent}`),
  ];
}
