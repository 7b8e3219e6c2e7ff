import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Store } from '../store/open.ts';
import { CtmgrError, isSystemError } from '../util/errors.ts';
import { isAlive, processIdentity } from '../util/process-identity.ts';
import { writeFileAtomic } from '../util/write-file.ts';

/**
 * Makes sure that one service runs per state folder: two would both start the nightly rebuild. A lock whose process is
 * dead is taken over. Two that start at once queue at the store's transaction. Returns the function that gives it back.
 */
export async function takeServiceLock(store: Store, stateFolder: string): Promise<() => Promise<void>> {
  const path = join(stateFolder, 'service.lock');
  const own = processIdentity();
  await store.transaction().execute(() => claim(path, own));
  return async () => {
    if ((await readHolder(path)) === own) await rm(path, { force: true });
  };
}

/** True if a service runs for this state folder. */
export async function serviceRuns(stateFolder: string): Promise<boolean> {
  const holder = await readHolder(join(stateFolder, 'service.lock'));
  return holder !== undefined && isAlive(holder);
}

async function claim(path: string, own: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder !== undefined && isAlive(holder)) {
    throw new CtmgrError('tryAgain', 'a ctmgr service runs already', {
      why: `process ${holder.split(':')[1]} holds ${path}`,
      hint: 'stop that one first',
    });
  }
  await writeFileAtomic(path, own, 0o640);
}

async function readHolder(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
