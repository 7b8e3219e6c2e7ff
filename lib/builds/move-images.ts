import { link, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { setPlace, strayInstances } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { CtmgrError, isSystemError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { digestFile, writeDigest } from './digest-file.ts';
import { makeTagFolders } from './make-folders.ts';
import { ownImage } from './own-image.ts';
import { imageFile, logFiles } from './tag-folders.ts';

/** What moving the images of a recipe left to do. */
export interface Moved {
  /** Second names of moved images, to be removed when no link leads to them any more. */
  oldFiles: string[];
  /** True if builds are under way in the old place; they are moved when they have ended. */
  more: boolean;
}

/**
 * Brings the images and logs of a recipe to where its group's lie, after the group has changed, inside the caller's
 * transaction. A moved image has both names until `oldFiles` are removed, so that no reader misses it; its mode counts
 * for both at once. Doing it again after a crash does no harm. Throws if the group does not exist.
 */
export async function moveImages(db: Store, site: BuildSite, recipeId: number): Promise<Moved> {
  const { name, group, instances, more } = await strayInstances(db, recipeId);
  const oldFiles: string[] = [];
  for (const { id, tag, size, sha256, group: oldGroup } of instances) {
    const old = { tag, name, group: oldGroup };
    const place = { tag, name, group };
    await makeTagFolders(site, tag, group);
    const file = imageFile(site.paths, place);
    if (size !== null) {
      const oldFile = imageFile(site.paths, old);
      await moveImage(site, oldFile, file, { size, group });
      if (sha256 !== null) await writeDigest(site, file, { sha256, group });
      oldFiles.push(digestFile(oldFile), oldFile);
    }
    await moveLogs(name, dirname(logFiles(site.paths, old).out), dirname(logFiles(site.paths, place).out));
    await setPlace(db, id, { group, ...(size === null ? {} : { file }) });
  }
  return { oldFiles, more };
}

/** Where files cannot have two names, the image is simply renamed: for a moment its link leads nowhere. */
async function moveImage(
  site: BuildSite,
  from: string,
  to: string,
  image: { size: number; group: string | null },
): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (isSystemError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP')) await rename(from, to);
    // Named already, and perhaps removed under its old name, before a crash.
    else if (!isSystemError(error, 'EEXIST', 'ENOENT')) throw error;
  }
  const check = await ownImage(site, to, image);
  if (check === 'good') return;
  const why = check === 'missing' ? `${from} is not there` : check.wrong;
  throw new CtmgrError('failed', `cannot move ${from} to ${to}: ${why}`);
}

/** All that lies beside the logs under the same name; `app.x.log` is the log of another image, `app.x`. */
async function moveLogs(name: string, from: string, to: string): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(from);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  for (const entry of entries) {
    const isOurs = entry.startsWith(`${name}.`) && /^[a-z]+$/.test(entry.slice(name.length + 1));
    if (isOurs) await rename(join(from, entry), join(to, entry));
  }
}

/** Removes what was moved from its old place; what is gone already is no error. */
export async function removeOld(files: string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}
