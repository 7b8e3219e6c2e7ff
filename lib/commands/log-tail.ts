import { errorText, isSystemError } from '../util/errors.ts';
import { escapeControls } from '../util/escape-controls.ts';
import { readForeignEnd } from '../util/read-foreign.ts';

/** Lines of a log that are shown for a failure. */
const shown = 8;

/** Bytes in which they are looked for: a build may print lines, and logs, of any length. */
const looked = 16 * 1024;

/**
 * The end of a log under its name, for people; undefined if it is empty or not there. A build can print what it likes, so without control
 * characters. A log that cannot be read, as that of an image of a group that the caller is not in, is said to be so.
 */
export async function logTail(path: string): Promise<string[] | undefined> {
  try {
    const text = (await readForeignEnd(path, looked)).text.trimEnd();
    if (text === '') return undefined;
    const lines = text.split('\n').slice(-shown).map(escapeControls);
    return [`  the end of ${path}:`, ...lines.map((line) => `    ${line}`)];
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    return [`  its log cannot be read: ${escapeControls(errorText(error))}`];
  }
}
