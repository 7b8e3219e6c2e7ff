import { stat } from 'node:fs/promises';

import { CtmgrError, errorText } from './errors.ts';

/**
 * Throws `inputMissing` unless a path leads to a regular file: to open a pipe that nobody writes to would last for ever, and could not
 * even be interrupted.
 */
export async function requireFile(path: string): Promise<void> {
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (error) {
    throw new CtmgrError('inputMissing', `cannot read ${path}`, { why: errorText(error), cause: error });
  }
  if (!isFile) throw new CtmgrError('inputMissing', `${path} is not a regular file`, { hint: 'name the file itself' });
}
