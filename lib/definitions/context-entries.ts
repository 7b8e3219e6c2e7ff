import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import type { ContextEntry } from './context-manifest.ts';
import { showWord } from './refusal.ts';

/** Something in the context that cannot be taken along. */
export class EntryError extends Error {}

/** Reads one file, directory or link of the context; null if there is none. Throws EntryError. */
export async function readEntry(contextDir: string, path: string): Promise<ContextEntry | null> {
  const stats = await lstatOrNull(join(contextDir, path), path);
  if (!stats) return null;
  const mode = stats.mode & 0o7777;
  if (stats.isDirectory()) return { type: 'directory', path, mode };
  if (stats.isSymbolicLink()) return { type: 'symlink', path, target: await readlink(join(contextDir, path)) };
  if (!stats.isFile()) throw new EntryError(`${showWord(path)} is neither file, directory nor symbolic link`);
  return { type: 'file', path, mode, ...(await hashFile(join(contextDir, path), path)) };
}

/** The names in a directory of the context, sorted. Throws EntryError for names that are not UTF-8. */
export async function listNames(contextDir: string, path: string): Promise<string[]> {
  try {
    const names = await readdir(join(contextDir, path), { encoding: 'buffer' });
    return names.map((bytes) => decodeName(bytes, path)).toSorted(compareText);
  } catch (error) {
    if (error instanceof EntryError) throw error;
    throw new EntryError(`${showWord(path || '.')} cannot be read: ${errorText(error)}`);
  }
}

/** Everything below a directory of the context, without the directory itself: each folder before what is in it. */
export async function readTree(contextDir: string, path: string): Promise<ContextEntry[]> {
  const entries: ContextEntry[] = [];
  await addTree(contextDir, path, entries);
  return entries;
}

async function addTree(contextDir: string, path: string, entries: ContextEntry[]): Promise<void> {
  for (const name of await listNames(contextDir, path)) {
    const below = path === '' ? name : `${path}/${name}`;
    const entry = await readEntry(contextDir, below);
    if (!entry) throw new EntryError(`${showWord(below)} vanished while it was read`);
    entries.push(entry);
    if (entry.type === 'directory') await addTree(contextDir, below, entries);
  }
}

/** Size and SHA-256 of a file's content, read without following a link. Throws EntryError. */
export async function hashFile(file: string, path: string): Promise<{ size: number; sha256: string }> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await handle.stat()).isFile()) throw new EntryError(`${showWord(path)} changed while it was read`);
      const hash = createHash('sha256');
      let size = 0;
      // A stream for each of 100,000 small files would take longer than the files.
      const buffer = Buffer.allocUnsafe(1 << 16);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        size += bytesRead;
      }
      return { size, sha256: hash.digest('hex') };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof EntryError) throw error;
    throw new EntryError(`${showWord(path)} cannot be read: ${errorText(error)}`);
  }
}

/** Sorts by code units: the same everywhere, whatever the locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function lstatOrNull(file: string, path: string): Promise<Stats | null> {
  try {
    return await lstat(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new EntryError(`${showWord(path)} cannot be read: ${errorText(error)}`);
  }
}

function decodeName(bytes: Buffer, path: string): string {
  const name = bytes.toString('utf8');
  if (Buffer.from(name).equals(bytes)) return name;
  throw new EntryError(`${showWord(path || '.')} holds the name ${quote(name)}, which is not UTF-8`);
}
