import { readFile } from 'node:fs/promises';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';

/** Largest Dockerfile or image configuration that is read, in bytes: far more than anybody writes by hand. */
const largestText = 4 * 1024 * 1024;

/**
 * The text of a file that a user names; `what` says what it should be, `hint` what to write if it is a folder.
 * Throws CtmgrError `inputMissing`, and `badDefinition` for what is too large or not UTF-8.
 */
export async function readText(path: string, what: string, hint?: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > largestText) {
      throw new CtmgrError('badDefinition', `${path} is too large for a ${what}`, { why: `${bytes.length} bytes` });
    }
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof CtmgrError) throw error;
    if (error instanceof TypeError) {
      throw new CtmgrError('badDefinition', `${path} is not UTF-8 text`, { cause: error });
    }
    throw new CtmgrError('inputMissing', `cannot read the ${what} ${path}`, {
      why: errorText(error),
      cause: error,
      ...(hint !== undefined && isSystemError(error, 'EISDIR') ? { hint } : {}),
    });
  }
}
