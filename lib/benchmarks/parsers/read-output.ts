import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { InvalidOutput } from './output.ts';

/** No benchmark prints more in one run; what does has gone wrong. */
const largest = 16 * 1024 * 1024;

/** A file that a job has left: neither a link to somebody else's file nor a pipe that never ends is followed. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The bytes of an output as they are; throws InvalidOutput if it is no file or larger than 16 MiB. */
export async function readBytes(path: string): Promise<Buffer> {
  const file = await open(path, flags);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new InvalidOutput('the output is no file');
    if (stat.size > largest)
      throw new InvalidOutput(`the output has ${Math.round(stat.size / 2 ** 20)} MiB, more than 16`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Reads what a run wrote, as text. Throws InvalidOutput if it is empty, larger than 16 MiB, or holds bytes that no benchmark
 * prints (NUL, or text that is not UTF-8); system errors as they come.
 */
export async function readOutput(path: string): Promise<string> {
  return decodeOutput(await readBytes(path));
}

/** The text of an output; throws InvalidOutput as `readOutput` does. */
export function decodeOutput(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new InvalidOutput('the output is empty');
  if (bytes.includes(0)) throw new InvalidOutput('the output holds binary data');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch (error) {
    throw new InvalidOutput('the output is not UTF-8 text', { cause: error });
  }
}
