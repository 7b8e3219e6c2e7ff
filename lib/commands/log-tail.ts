import { readFile } from 'node:fs/promises';

import { isSystemError } from '../util/errors.ts';
import { escapeControls } from '../util/escape-controls.ts';

/** Lines of a log that are shown for a failure. */
const shown = 8;

/** The end of a log under its name, for people; undefined if it is empty or not there. A build can print what it likes. */
export async function logTail(path: string): Promise<string[] | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trimEnd();
    if (text === '') return undefined;
    const lines = text.split('\n').slice(-shown).map(escapeControls);
    return [`  the end of ${path}:`, ...lines.map((line) => `    ${line}`)];
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
