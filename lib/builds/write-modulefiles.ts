import { lstat, open, readdir, rm, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';

import { findGroup } from '../util/accounts.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { writeFileAtomic } from '../util/write-file.ts';
import type { CatalogueImage } from './catalogue-format.ts';
import { isOwnModulefile, type ModuleFormat, modulefileName, renderModulefile } from './modulefile.ts';

export interface WrittenModules {
  written: string[];
  unchanged: string[];
  removed: string[];
}

/** Longer than any modulefile of ours. */
const longest = 16_384;

/**
 * For whom a folder is: a group if it belongs to it and is closed to all others, else everybody. `groups` are those that have
 * images. Throws 66 if it is no folder, 77 if it cannot be looked at.
 */
export async function audienceOf(folder: string, groups: Iterable<string>): Promise<string | null> {
  try {
    const { mode, gid } = await stat(join(folder, '.'));
    if ((mode & 0o007) !== 0) return null;
    return [...groups].find((group) => findGroup(group)?.gid === gid) ?? null;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) {
      throw new CtmgrError('inputMissing', `there is no folder ${folder}`, {
        hint: `mkdir -p ${folder}`,
        cause: error,
      });
    }
    throw new CtmgrError('notAllowed', `cannot look at the folder ${folder}`, {
      why: errorText(error),
      hint: `ls -ld ${folder}`,
      cause: error,
    });
  }
}

/**
 * Writes a modulefile for each image, those that say something else than before; with `all`, removes those of ours that belong to
 * none of them. What is not ours is never touched: if it is in the way of an image nothing is written (73).
 */
export async function writeModulefiles(
  folder: string,
  images: readonly Pick<CatalogueImage, 'name' | 'tag'>[],
  { format, all }: { format: ModuleFormat; all: boolean },
): Promise<WrittenModules> {
  const wanted = new Map(images.map((image) => [modulefileName(image.name, format), renderModulefile(image, format)]));
  const found = new Map<string, string | undefined>();
  for (const entry of new Set([...wanted.keys(), ...(all ? await readdir(folder) : [])])) {
    const text = await readEntry(join(folder, entry));
    if (text === undefined) continue;
    const own = typeof text === 'string' && isOwnModulefile(text);
    if (!own && wanted.has(entry)) {
      throw new CtmgrError('cannotCreate', `${join(folder, entry)} is not a modulefile that ctmgr has made`, {
        why: 'so it is not replaced, and nothing was written',
        hint: 'choose a folder for the modulefiles of ctmgr alone',
      });
    }
    if (own) found.set(entry, text);
  }
  const result: WrittenModules = { written: [], unchanged: [], removed: [] };
  try {
    for (const [entry, text] of wanted) {
      if (found.get(entry) === text) {
        result.unchanged.push(entry);
        continue;
      }
      await writeFileAtomic(join(folder, entry), text, 0o644);
      result.written.push(entry);
    }
    for (const entry of found.keys()) {
      if (wanted.has(entry)) continue;
      await rm(join(folder, entry));
      result.removed.push(entry);
    }
  } catch (error) {
    throw new CtmgrError('cannotCreate', `cannot write modulefiles in ${folder}`, {
      why: errorText(error),
      hint: `df -h ${folder}; ls -ld ${folder}`,
      cause: error,
    });
  }
  return result;
}

/** The beginning of a plain file; null for anything else, undefined if there is nothing. */
async function readEntry(path: string): Promise<string | null | undefined> {
  try {
    if (!(await lstat(path)).isFile()) return null;
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(longest), 0, longest, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    if (isSystemError(error, 'EACCES', 'ELOOP')) return null;
    throw error;
  }
}
