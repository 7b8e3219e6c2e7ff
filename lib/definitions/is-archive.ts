import { open } from 'node:fs/promises';

const compressed = ['1f8b', '425a68', 'fd377a585a00', '28b52ffd'];

/** True for what ADD would unpack: a tar file, or anything in gzip, bzip2, xz or zstd format (seen by content, as Docker does). */
export async function isArchive(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const block = Buffer.alloc(512);
    const { bytesRead } = await handle.read(block, 0, 512, 0);
    const start = block.subarray(0, bytesRead).toString('hex');
    return compressed.some((magic) => start.startsWith(magic)) || (bytesRead === 512 && isTarHeader(block));
  } finally {
    await handle.close();
  }
}

/** A tar header holds the sum of its own bytes, the sum's field counted as blanks (POSIX pax, ustar interchange format). */
function isTarHeader(block: Buffer): boolean {
  const recorded = Number.parseInt(block.toString('latin1', 148, 156).replaceAll('\0', ' ').trim(), 8);
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  return recorded === sum && sum !== 8 * 0x20;
}
