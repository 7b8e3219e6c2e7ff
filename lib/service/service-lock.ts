import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Store } from '../store/open.ts';
import { CtmgrError, isSystemError } from '../util/errors.ts';
import { isAlive, processIdentity } from '../util/process-identity.ts';
import { writeFileAtomic } from '../util/write-file.ts';

const lockName = 'service.lock';

/**
 * Makes sure that one service runs per state folder: two would both start the nightly rebuild. A lock whose process is
 * dead is taken over. Two that start at once queue at the store's transaction. Returns the function that gives it back.
 */
export async function takeServiceLock(store: Store, stateFolder: string): Promise<() => Promise<void>> {
  const path = join(stateFolder, lockName);
  const own = processIdentity();
  await store.transaction().execute(() => claim(path, own));
  return async () => {
    if (readHolder(path) === own) await rm(path, { force: true });
  };
}

async function claim(path: string, own: string): Promise<void> {
  const holder = readHolder(path);
  if (holder !== undefined && isAlive(holder)) {
    throw new CtmgrError('tryAgain', 'a ctmgr service runs already', {
      why: `process ${holder.split(':')[1]} holds ${path}`,
      hint: 'stop that one first',
    });
  }
  await writeFileAtomic(path, own, 0o640);
}

/** The process id of the service that runs on this machine for a state folder; undefined if there is none. */
export function holderOfServiceLock(stateFolder: string): number | undefined {
  const holder = readHolder(join(stateFolder, lockName));
  return holder === undefined || !isAlive(holder) ? undefined : Number(holder.split(':')[1]);
}

function readHolder(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
