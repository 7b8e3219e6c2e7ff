import { open } from 'node:fs/promises';

import { InvalidOutput } from './output.ts';

/** No benchmark prints more in one run; what does has gone wrong. */
const largest = 16 * 1024 * 1024;

/**
 * Reads what a run wrote, as text. Throws InvalidOutput if it is empty, larger than 16 MiB, or holds bytes that no benchmark
 * prints (NUL, or text that is not UTF-8); system errors as they come.
 */
export async function readOutput(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size === 0) throw new InvalidOutput('the output is empty');
    if (size > largest) throw new InvalidOutput(`the output has ${Math.round(size / 2 ** 20)} MiB, more than 16`);
    return decode(await file.readFile());
  } finally {
    await file.close();
  }
}

function decode(bytes: Uint8Array): string {
  if (bytes.includes(0)) throw new InvalidOutput('the output holds binary data');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch (error) {
    throw new InvalidOutput('the output is not UTF-8 text', { cause: error });
  }
}
