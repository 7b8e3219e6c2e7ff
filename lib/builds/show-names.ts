import { readdir, readlink, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import type { Paths } from '../config/paths.ts';
import { findName, recipesBehind, setLinkBehind } from '../store/current-images.ts';
import { recordMeaning } from '../store/name-meanings.ts';
import type { Store } from '../store/open.ts';
import { epochSeconds } from '../util/clock.ts';
import { briefErrorText, CtmgrError, isSystemError } from '../util/errors.ts';
import { replaceSymlink } from '../util/write-file.ts';
import type { BuildSite } from './build-site.ts';
import { checkShare } from './check-share.ts';
import { moveImages, removeOld } from './move-images.ts';
import { imageFile, placeOf } from './tag-folders.ts';

/** What came of the names that had changed. */
export interface ShownNames {
  shown: string[];
  problems: string[];
}

/**
 * Makes the links on the share say what the store says, for every name that an admin has changed since. Admins may
 * write the store and not the share, so this is done by whoever may: their own command as root, or the next pass of the
 * poller. A name that cannot be changed now stays as it is and is tried again. Throws 69 if the share is not there.
 */
export async function showNames(site: BuildSite): Promise<ShownNames> {
  const { store, paths } = site;
  const result: ShownNames = { shown: [], problems: [] };
  const behind = await recipesBehind(store);
  if (behind.length === 0) return result;
  await checkShare(paths);
  for (const recipeId of behind) {
    try {
      result.shown.push(await store.transaction().execute((db) => showName(db, site, recipeId)));
    } catch (error) {
      const { name } = await findName(store, recipeId);
      result.problems.push(`${name} keeps its old meaning for now: ${briefErrorText(error)}`);
    }
  }
  return result;
}

/**
 * Sets the link of one name inside the caller's transaction: rename(2) over the old one, so that readers find the old
 * image or the new one and never none. If the recipe has become another group's, its images move there first, and links
 * and files in the old place go last. Returns the name.
 */
export async function showName(db: Store, site: BuildSite, recipeId: number): Promise<string> {
  const { paths } = site;
  const moved = await moveImages(db, site, recipeId);
  const { name, current } = await findName(db, recipeId);
  const link = current === null ? undefined : linkOf(paths, current.group, name);
  if (current !== null && link !== undefined) {
    const file = imageFile(paths, { ...current, name });
    await requireImage(file);
    const target = relative(dirname(link), file);
    if ((await targetOf(link)) !== target) await replaceSymlink(link, target);
  }
  for (const group of [null, ...(await privateGroups(paths))]) {
    const other = linkOf(paths, group, name);
    if (other !== link) await rm(other, { force: true });
  }
  await recordMeaning(db, recipeId, current?.instanceId ?? null, epochSeconds());
  await removeOld(moved.oldFiles);
  await setLinkBehind(db, recipeId, moved.more);
  return name;
}

/** The groups that have a folder of their own on the share. */
export async function privateGroups(paths: Paths): Promise<string[]> {
  try {
    return (await readdir(paths.private)).filter((entry) => !entry.startsWith('.'));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

function linkOf(paths: Paths, group: string | null, name: string): string {
  return join(placeOf(paths, group).current, `${name}.sif`);
}

async function requireImage(file: string): Promise<void> {
  try {
    await stat(file);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    throw new CtmgrError('inputMissing', `its image ${file} is not on the share`);
  }
}

async function targetOf(link: string): Promise<string | undefined> {
  try {
    return await readlink(link);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
