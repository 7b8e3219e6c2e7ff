import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { contextsMember, databaseMember, moveNew, unpackBackup } from '../builds/backup-archive.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import { doubtPlannedArrays, settleDatabase } from '../store/backup-store.ts';
import { checkIntegrity } from '../store/check-integrity.ts';
import { explainStoreError } from '../store/explain-error.ts';
import { insertEvent } from '../store/events.ts';
import { migrate } from '../store/migrate.ts';
import { connect } from '../store/open.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError, isSystemError } from '../util/errors.ts';
import { requireFile } from '../util/require-file.ts';
import { holderOfServiceLock } from './service-lock.ts';
import { createStore, makeSiteFolders } from './set-up-site.ts';

export interface Restored {
  /** When the backup was made, in seconds since the epoch, and on which host. */
  created: number;
  host: string;
  /** Build contexts that were missing. */
  contexts: number;
  /** Where the database that was there is now. */
  aside: string | null;
}

/**
 * Puts the database and the build contexts of a backup back. A database that is there is refused (73), or with `replace` kept
 * under another name. Everything is checked before anything is changed, and the database comes last, in one step. Throws
 * CtmgrError `tryAgain` while a service runs.
 */
export async function restoreSite(
  config: Config,
  paths: Paths,
  request: { file: string; replace: boolean; actor: string },
): Promise<Restored> {
  const { file, replace, actor } = request;
  const holder = existsSync(paths.state) ? holderOfServiceLock(paths.state) : undefined;
  if (holder !== undefined) {
    throw new CtmgrError('tryAgain', 'a ctmgr service runs', { why: `process ${holder}`, hint: 'stop it first' });
  }
  if (existsSync(paths.database) && !replace) {
    throw new CtmgrError('cannotCreate', `there is a database ${paths.database}`, {
      hint: 'ctmgr restore FILE --replace, which keeps it under another name',
    });
  }
  if (existsSync(file)) await requireFile(file);
  await makeSiteFolders(config, paths);
  const folder = await mkdtemp(join(paths.state, '.restore-'));
  try {
    const { created, host } = await unpackBackup(file, folder);
    const copy = join(folder, databaseMember);
    await prepareDatabase(copy, { actor, created, host });
    const contexts = await putContexts(join(folder, contextsMember), paths.contexts);
    const aside = existsSync(paths.database) ? await putAside(paths) : null;
    await moveNew(copy, paths.database);
    // Sets owner and mode.
    await createStore(config, paths);
    return { created, host, contexts, aside };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepareDatabase(path: string, from: { actor: string; created: number; host: string }): Promise<void> {
  const store = connect(path, false);
  try {
    const complaints = await checkIntegrity(store);
    if (complaints.length > 0) {
      throw new CtmgrError('inputMissing', 'the database of the backup is damaged', {
        why: complaints.join('; '),
        hint: 'take an older backup',
      });
    }
    await migrate(store);
    await store.transaction().execute(async (db) => {
      await doubtPlannedArrays(db);
      const { actor, created, host } = from;
      await insertEvent(db, { actor, kind: 'site.restore', subject: host, detail: { created } }, epochSeconds());
    });
  } finally {
    await store.destroy();
  }
  settleDatabase(path);
}

/** Throws CtmgrError `tryAgain` while another process has the database open: what it writes would be lost. */
async function putAside({ database }: Paths): Promise<string> {
  const aside = `${database}.before-restore-${epochSeconds()}`;
  try {
    settleDatabase(database);
  } catch (error) {
    const busy = explainStoreError(database, error);
    if (busy?.code === 'tryAgain') throw busy;
    // It may be damaged, which is why somebody restores: then its log is kept beside it, under the name that belongs to it.
    for (const end of ['-wal', '-shm'])
      if (existsSync(`${database}${end}`)) await rename(`${database}${end}`, `${aside}${end}`);
  }
  await rename(database, aside);
  return aside;
}

/** Contexts are named by their content: one that is there is the same. */
async function putContexts(from: string, to: string): Promise<number> {
  await mkdir(to, { recursive: true });
  let put = 0;
  try {
    for (const name of await readdir(from)) {
      await chmod(join(from, name), 0o640);
      if (await moveNew(join(from, name), join(to, name))) put += 1;
    }
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
  return put;
}
