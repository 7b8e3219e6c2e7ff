import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';

import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';

/** The disk that holds the database is full or broken (sqlite.org/rescode.html). */
const diskErrors = /^SQLITE_(FULL|IOERR)/;

/** True for an error, as the store throws it, that says that nothing can be written: to go on would only meet it again. */
export function isDiskError(error: unknown): boolean {
  const code = ((error as { cause?: { code?: unknown } } | null)?.cause ?? {}).code;
  return typeof code === 'string' && diskErrors.test(code);
}

/**
 * What an error of SQLite means for the reader (sqlite.org/rescode.html), or undefined for those that are about the
 * statement itself, such as a violated constraint.
 */
export function explainStoreError(path: string, cause: unknown): CtmgrError | undefined {
  const code = (cause as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return undefined;
  const why = errorText(cause);
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/.test(code) && !isOnReadOnlyDisk(path)) {
    return new CtmgrError('notAllowed', `you may not write the database ${path}`, {
      why,
      hint: 'ask for membership in the admin group of the configuration (rights.admin_groups)',
      cause,
    });
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new CtmgrError('tryAgain', `the database ${path} is busy`, {
      why,
      hint: 'the same again in a minute',
      cause,
    });
  }
  if (/^SQLITE_(CANTOPEN|READONLY)/.test(code)) {
    return new CtmgrError('cannotCreate', `the database ${path} is on a read-only file system`, {
      why,
      hint: `mount ${dirname(path)} writable; errors of the disk make it read-only, too: dmesg`,
      cause,
    });
  }
  if (diskErrors.test(code)) {
    return new CtmgrError('cannotCreate', `cannot write the database ${path}`, {
      why,
      hint: `df -h ${dirname(path)}; make room there, then the same again (jobs that run go on: ctmgr poll --wait)`,
      cause,
    });
  }
  return undefined;
}

/** The folder counts: there a writer needs files beside the database (sqlite.org/wal.html). */
function isOnReadOnlyDisk(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch (error) {
    return isSystemError(error, 'EROFS');
  }
}
