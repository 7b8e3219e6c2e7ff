import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';

import type { Store } from './open.ts';

/** More pages than any database of ours has: all in one step, so that it is one moment's state whoever writes meanwhile. */
const allPages = 2 ** 31 - 1;

/**
 * Copies a database that others may be writing into a new file, with SQLite's online backup (sqlite.org/backup.html). The copy
 * is one file, without a log beside it.
 */
export async function backUpDatabase(path: string, target: string): Promise<void> {
  const source = new Sqlite(path, { readonly: true, fileMustExist: true });
  try {
    await source.backup(target, { progress: () => allPages });
  } finally {
    source.close();
  }
  const copy = new Sqlite(target, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

/** Moves all that a database's log holds into the database, so that its file alone is all of it. SQLITE_BUSY while somebody has it open. */
export function settleDatabase(path: string): void {
  const database = new Sqlite(path, { fileMustExist: true, timeout: 1000 });
  try {
    database.pragma('journal_mode = DELETE');
  } finally {
    database.close();
  }
}

/**
 * After a restore: an array that was not submitted yet when the backup was made may have been since. What is in doubt is looked
 * for in Slurm before it is submitted again.
 */
export async function doubtPlannedArrays(db: Store): Promise<void> {
  await db
    .updateTable('build_array')
    .set({
      state: 'submitting',
      submitter: null,
      missing_since: null,
      attempted_at: sql<number>`(select created_at from build_tag where build_tag.id = build_array.build_tag_id)`,
    })
    .where('state', 'in', ['planned', 'submitting'])
    .execute();
}
