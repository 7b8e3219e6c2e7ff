import { types } from 'node:util';

import { briefErrorText, CtmgrError, type ErrorCode } from '../util/errors.ts';

/** True for what an operating system says of a file: a share may be full, read-only, gone, or not answer. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return types.isNativeError(error) && 'syscall' in error && 'code' in error;
}

/**
 * What to throw for an error of work on the share: one that says what could not be done and what helps, if it is the file system's;
 * anything else comes back as it is.
 */
export function explainShareError(error: unknown, told: { code: ErrorCode; message: string; hint: string }): unknown {
  if (!isFileError(error)) return error;
  const { code, message, hint } = told;
  return new CtmgrError(code, message, { why: error.message, hint, cause: error });
}

/** Does what may wait until the share is well again. Returns the problem, if it has to wait. */
export async function tryOnShare(what: string, work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return `cannot ${what} now: ${briefErrorText(error)}`;
  }
}
