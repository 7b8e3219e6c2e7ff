import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Opens without following a link to somebody else's file, and without waiting for the other end of a pipe. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The end of a text. */
export interface TextEnd {
  text: string;
  /** True if there is more before it. */
  isCut: boolean;
}

/**
 * Reads a file that another account could have put there: a regular one of at most `most` bytes, and nothing that a link leads to.
 * Throws an Error, which is the system's if it has one to say.
 */
export async function readForeign(path: string, most: number): Promise<Buffer> {
  return withRegularFile(path, async (file, size) => {
    if (size > most) throw new Error(`it has ${size} bytes; at most ${most} are read`);
    return file.readFile();
  });
}

/** The same for the last `most` bytes of a text, without a first line that would be cut in two. */
export async function readForeignEnd(path: string, most: number): Promise<TextEnd> {
  return withRegularFile(path, async (file, size) => {
    const buffer = Buffer.alloc(Math.min(size, most));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    const isCut = size > most;
    const bytes = buffer.subarray(isCut ? buffer.indexOf('\n') + 1 : 0, bytesRead);
    return { text: bytes.toString('utf8'), isCut };
  });
}

async function withRegularFile<Result>(
  path: string,
  read: (file: FileHandle, size: number) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, flags);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('it is not a regular file');
    return await read(file, stats.size);
  } finally {
    await file.close();
  }
}
