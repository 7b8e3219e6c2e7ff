import Sqlite from 'better-sqlite3';
import { CompiledQuery, type DatabaseConnection, Kysely, sql, SqliteDialect, SqliteDriver } from 'kysely';
import { existsSync } from 'node:fs';

import { CtmgrError, errorText } from '../util/errors.ts';
import { explainStoreError } from './explain-error.ts';
import { checkSchemaVersion } from './migrate.ts';
import type { Database } from './schema.ts';

export type Store = Kysely<Database>;

/** Milliseconds that a writer waits for another one before it gives up. */
const busyTimeout = 60_000;

/**
 * kysely begins transactions deferred, and a deferred transaction that reads before it writes fails at once with
 * SQLITE_BUSY when another process wrote in between (sqlite.org/lang_transaction.html). Immediate ones queue. Errors that
 * are not the statement's fault, such as a full disk, come as CtmgrError.
 */
class ImmediateDriver extends SqliteDriver {
  readonly #database: Sqlite.Database;
  #connection: DatabaseConnection | undefined;

  constructor(database: Sqlite.Database) {
    super({ database });
    this.#database = database;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return (this.#connection ??= explaining(await super.acquireConnection(), this.#database.name));
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** A full disk has rolled back already (sqlite.org/lang_transaction.html, 3); a second time would hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}

function explaining(connection: DatabaseConnection, path: string): DatabaseConnection {
  return {
    async executeQuery(query) {
      try {
        return await connection.executeQuery(query);
      } catch (error) {
        throw explainStoreError(path, error) ?? error;
      }
    },
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
  };
}

class ImmediateDialect extends SqliteDialect {
  readonly #database: Sqlite.Database;

  constructor(database: Sqlite.Database) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver(this.#database);
  }
}

/** Opens a database file for reading and writing; `create` also makes a new one. The caller destroys it. */
export function connect(path: string, create: boolean): Store {
  const database = new Sqlite(path, { fileMustExist: !create, timeout: busyTimeout });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
  } catch (error) {
    database.close();
    throw error;
  }
  return new Kysely<Database>({ dialect: new ImmediateDialect(database) });
}

/**
 * Opens the store of this site. Ends with a reason and a way out if there is none yet (78), if the caller may not
 * write it (77), if it is not a database (78), or if a newer ctmgr has changed its schema (78).
 */
export async function openStore(path: string): Promise<Store> {
  if (!existsSync(path)) {
    throw new CtmgrError('configuration', `there is no database ${path} that you can reach`, {
      why: 'ctmgr is not set up on this machine, or its state folder is closed to you',
      hint: 'run this on the management host; if ctmgr is new here: ctmgr init',
    });
  }
  try {
    const store = connect(path, false);
    try {
      await checkSchemaVersion(store);
    } catch (error) {
      await store.destroy();
      throw error;
    }
    return store;
  } catch (error) {
    if (error instanceof CtmgrError) throw error;
    const why = errorText(error);
    throw (
      explainStoreError(path, error) ??
      new CtmgrError('configuration', `cannot open the database ${path}`, {
        why,
        hint: `is it the database of ctmgr? From a backup: ctmgr restore FILE --replace`,
        cause: error,
      })
    );
  }
}

/** A number that changes when another connection has changed the store (sqlite.org/pragma.html, data_version). */
export async function foreignChanges(db: Store): Promise<number> {
  const { rows } = await sql<{ data_version: number }>`pragma data_version`.execute(db);
  return rows[0]?.data_version ?? 0;
}
