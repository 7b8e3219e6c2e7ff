import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

import { findGroup } from '../util/accounts.ts';
import { isSystemError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { placeOf } from './tag-folders.ts';

interface Owner {
  uid: number;
  gid: number;
}

/**
 * Makes the folders of a build tag for images and logs. Those of a group are closed to all others and give what is made
 * in them to the group (set-group-id), so that the service account need not be in it; only without root it has to be, to
 * hand the folder over. A group that does not exist gets folders that nobody but the service account can enter.
 */
export async function makeTagFolders(site: BuildSite, tag: string, group: string | null): Promise<void> {
  const place = placeOf(site.paths, group);
  const folders = [join(place.builds, tag), join(place.logs, tag)];
  if (group === null) {
    for (const folder of folders) await makeFolder(site, folder, site.builder, 0o755);
    return;
  }
  await makeFolder(site, site.paths.private, site.builder, 0o711);
  const gid = findGroup(group)?.gid;
  const owner = { uid: site.builder.uid, gid: gid ?? site.builder.gid };
  const mode = gid === undefined ? 0o2700 : 0o2750;
  for (const folder of [place.folder, place.builds, place.logs, place.current, ...folders]) {
    await makeFolder(site, folder, owner, mode);
  }
}

/**
 * A folder of the owner. Where root makes it, in a folder of the service account's, a link that was put there before
 * must not lead root's chown elsewhere: it is opened without following links, and the handle gets the owner.
 */
export async function makeFolder(site: BuildSite, folder: string, owner: Owner, mode: number): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
  }
  if (!site.asRoot && owner.gid === site.builder.gid) return;
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await handle.chown(owner.uid, owner.gid);
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}
