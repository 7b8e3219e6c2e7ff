import { type Kysely, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';

import { CtmgrError, errorText } from '../util/errors.ts';
import { initial } from './migrations/0001-initial.ts';
import { registry } from './migrations/0002-registry.ts';
import { tracking } from './migrations/0004-tracking.ts';
import { publishing } from './migrations/0005-publishing.ts';
import { versions } from './migrations/0006-versions.ts';
import { operations } from './migrations/0007-operations.ts';
import { incremental } from './migrations/0008-incremental.ts';
import { benchmarks } from './migrations/0009-benchmarks.ts';
import { eventSubject } from './migrations/0010-event-subject.ts';
import { knownNodes } from './migrations/0011-known-nodes.ts';
import { nameMeaning } from './migrations/0012-name-meaning.ts';
import { gates } from './migrations/0013-gates.ts';
import { releaseExceptions } from './migrations/0014-release-exceptions.ts';
import type { Database } from './schema.ts';

/** Compiled in, in order; a released one is never edited, since databases out there remember its name. */
const migrations: Record<string, Migration> = {
  '0001_initial': initial,
  '0002_registry': registry,
  '0004_tracking': tracking,
  '0005_publishing': publishing,
  '0006_versions': versions,
  '0007_operations': operations,
  '0008_incremental': incremental,
  '0009_benchmarks': benchmarks,
  '0010_event_subject': eventSubject,
  '0011_known_nodes': knownNodes,
  '0012_name_meaning': nameMeaning,
  '0013_gates': gates,
  '0014_release_exceptions': releaseExceptions,
};

const provider: MigrationProvider = { getMigrations: async () => migrations };

/**
 * Brings the schema up to this program's version and returns the names of the migrations that were needed.
 * One immediate transaction around all of them keeps two first starts apart: kysely itself takes no lock on SQLite.
 * Refuses (78) a schema that is newer than this program.
 */
export async function migrate(db: Kysely<Database>): Promise<string[]> {
  return db.connection().execute(async (connection) => {
    await sql`begin immediate`.execute(connection);
    try {
      refuseNewer(await appliedMigrations(connection));
      const migrator = new Migrator({ db: connection, provider });
      const { error, results } = await migrator.migrateToLatest({ disableTransactions: true });
      if (error !== undefined) throw new Error(`the migration failed: ${errorText(error)}`, { cause: error });
      await sql`commit`.execute(connection);
      return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
    } catch (error) {
      await sql`rollback`.execute(connection);
      throw error;
    }
  });
}

/** Refuses (78) a database whose schema is not the one that this program knows, older or newer. */
export async function checkSchemaVersion(db: Kysely<Database>): Promise<void> {
  const applied = await appliedMigrations(db);
  refuseNewer(applied);
  const missing = Object.keys(migrations).filter((name) => !applied.includes(name));
  if (missing.length > 0) {
    throw new CtmgrError('configuration', 'the database has an older schema', {
      why: `it lacks ${missing.join(', ')}`,
      hint: 'ctmgr migrate',
    });
  }
}

function refuseNewer(applied: string[]): void {
  const unknown = applied.filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length === 0) return;
  throw new CtmgrError('configuration', 'the database was made by a newer ctmgr', {
    why: `it has the schema change ${unknown.join(', ')}, which this program does not know`,
    hint: 'install the newer ctmgr on this host',
  });
}

async function appliedMigrations(db: Kysely<Database>): Promise<string[]> {
  const present = await sql<{ n: number }>`
    select count(*) as n from sqlite_master where type = 'table' and name = 'kysely_migration'`.execute(db);
  if (present.rows[0]?.n !== 1) return [];
  const rows = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.rows.map((row) => row.name);
}
