import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { requireFile } from '../util/require-file.ts';

/** Largest Dockerfile or image configuration that is read, in bytes: far more than anybody writes by hand. */
const largestText = 4 * 1024 * 1024;

/** What a shell gives for `<(…)` and for standard input: pipes that somebody writes to. */
const handedOver = /^\/(dev\/(fd\/\d+|stdin)|proc\/(self|\d+)\/fd\/\d+)$/;

/**
 * The text of a file that a user names; `what` says what it should be, `hint` what to write if it is a folder.
 * Throws CtmgrError `inputMissing`, and `badDefinition` for what is too large or not UTF-8.
 */
export async function readText(path: string, what: string, hint?: string): Promise<string> {
  try {
    if (!handedOver.test(path) && !(await stat(path)).isDirectory()) await requireFile(path);
    const bytes = await readFirst(path, largestText + 1);
    if (bytes.length > largestText) {
      throw new CtmgrError('badDefinition', `${path} is too large for a ${what}`, {
        why: `at most ${largestText} bytes are read`,
        hint: 'put what is long into the build context and COPY it',
      });
    }
    return decode(bytes, path);
  } catch (error) {
    if (error instanceof CtmgrError) throw error;
    throw new CtmgrError('inputMissing', `cannot read the ${what} ${path}`, {
      why: errorText(error),
      cause: error,
      ...(hint !== undefined && isSystemError(error, 'EISDIR') ? { hint } : {}),
    });
  }
}

async function readFirst(path: string, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: most - 1 })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Docker does not look at the bytes of comments. Without here-documents, whose lines only look like comments, neither do we; other text
 * that is not UTF-8 could not be written into a definition file as it is.
 */
function decode(bytes: Uint8Array, path: string): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
  try {
    return strict.decode(bytes);
  } catch {
    const lines = text.split('\n');
    const isOdd = (line: string): boolean => line.includes('\uFFFD') && (text.includes('<<') || !/^\s*#/.test(line));
    const line = lines.findIndex(isOdd) + 1;
    if (line === 0) return text;
    throw new CtmgrError('badDefinition', `${path} line ${line}: is not UTF-8 text [bad-character]`, {
      hint: 'iconv -f ISO-8859-1 -t UTF-8',
    });
  }
}
