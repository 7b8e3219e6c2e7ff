import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { findGroup } from '../util/accounts.ts';
import { isSystemError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';

/** What checking and owning an image file found: `missing`, or in words what is wrong with it. */
export type ImageCheck = 'good' | 'missing' | { wrong: string };

/**
 * Checks an image and gives it owner, group and mode through one open file: the folder belongs to the build account, so
 * that a name could stand for another file, or for a link to one, from one call to the next. What belongs to a group is
 * closed to all others; if there is no such group, nobody gets it.
 */
export async function ownImage(
  site: BuildSite,
  file: string,
  image: { size: number; group: string | null },
): Promise<ImageCheck> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'missing';
    if (isSystemError(error, 'ELOOP')) return { wrong: `${file} is not a regular file` };
    throw error;
  }
  try {
    const found = await handle.stat();
    if (!found.isFile()) return { wrong: `${file} is not a regular file` };
    if (found.size !== image.size)
      return { wrong: `${file} has ${found.size} bytes, the build reported ${image.size}` };
    return await handOver(site, handle, image.group);
  } finally {
    await handle.close();
  }
}

async function handOver(site: BuildSite, handle: FileHandle, group: string | null): Promise<ImageCheck> {
  const mode = Number.parseInt(site.config.images.mode, 8);
  if (group === null) {
    if (site.asRoot) await handle.chown(site.owner.uid, site.owner.gid);
    await handle.chmod(mode);
    return 'good';
  }
  const gid = findGroup(group)?.gid;
  if (gid === undefined) return { wrong: `its group ${group} does not exist, so nobody may read it` };
  // The group first: before, the mode could open it to the group that it has now.
  await handle.chown(site.asRoot ? site.owner.uid : site.builder.uid, gid);
  await handle.chmod(mode & 0o770);
  return 'good';
}
