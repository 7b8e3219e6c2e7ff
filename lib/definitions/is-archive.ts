import { open } from 'node:fs/promises';
import { CtmgrError } from '../util/errors.ts';
import { run } from '../util/run.ts';
import type { ArchiveFormat } from './context-manifest.ts';

const compressed: [magic: string, format: ArchiveFormat][] = [
  ['1f8b', 'gzip'],
  ['425a68', 'bzip2'],
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
];

/** How an archive that ADD would unpack is compressed (seen by content, as Docker does); undefined for anything else. Throws CtmgrError `inputMissing` where the program for the compression is missing. */
export async function archiveFormat(file: string): Promise<ArchiveFormat | undefined> {
  const block = Buffer.alloc(512);
  const handle = await open(file);
  try {
    await handle.read(block, 0, 512, 0);
  } finally {
    await handle.close();
  }
  if (isTarHeader(block)) return 'tar';
  const start = block.toString('hex');
  const format = compressed.find(([magic]) => start.startsWith(magic))?.[1];
  if (format === undefined) return undefined;
  // Docker copies what is compressed but no archive as it is.
  const listing = await run('tar', ['--list', '--force-local', '--file', file]);
  if (/not found|Cannot exec/.test(listing.stderr)) {
    throw new CtmgrError('inputMissing', `cannot see whether ${file} is an archive`, {
      why: `tar cannot read what is compressed with ${format} here`,
      hint: `install ${format === 'xz' ? 'xz-utils' : format}`,
    });
  }
  return listing.exitCode === 0 && listing.stdout !== '' ? format : undefined;
}

/** A tar header holds the sum of its own bytes, the sum's field counted as blanks (POSIX pax, ustar interchange format). */
function isTarHeader(block: Buffer): boolean {
  const recorded = Number.parseInt(block.toString('latin1', 148, 156).replaceAll('\0', ' ').trim(), 8);
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  return recorded === sum && sum !== 8 * 0x20;
}
