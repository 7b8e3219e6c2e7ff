import { constants, existsSync } from 'node:fs';
import { chmod, chown, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import { migrate } from '../store/migrate.ts';
import { connect } from '../store/open.ts';
import { type Account, requireAccount, requireGroup } from '../util/accounts.ts';
import { CtmgrError, errorText } from '../util/errors.ts';
import { shareFolders } from './site-folders.ts';
import { writeFileAtomic } from '../util/write-file.ts';

interface Folder {
  path: string;
  uid: number;
  gid: number;
  mode: number;
}

/**
 * Makes the folders of a site with their owners and modes; returns what had to be made. The share's folders belong to
 * the service account; the state folder is for root and the admins, with set-group-id so that what one admin makes the
 * next one can use. Throws CtmgrError `cannotCreate` for a folder that cannot be made.
 */
export async function makeSiteFolders(config: Config, paths: Paths): Promise<string[]> {
  const { builder, admins } = requireOwners(config);
  const folders: Folder[] = [
    { path: paths.state, uid: 0, gid: admins, mode: 0o2770 },
    { path: paths.contexts, uid: 0, gid: admins, mode: 0o2770 },
    ...shareFolders(paths).map((folder) => ({ ...folder, uid: builder.uid, gid: builder.gid })),
    // Benchmarks run as the admin who starts them, and all admins read what came of it.
    { path: paths.bench, uid: builder.uid, gid: admins, mode: 0o2770 },
  ];
  const made: string[] = [];
  for (const folder of folders) {
    if (!existsSync(folder.path)) made.push(folder.path);
    // A link there could lead root's chown anywhere: what lies in the share belongs to the service account.
    await makeFolder(folder, dirname(folder.path) === paths.share);
  }
  if (!existsSync(paths.marker)) made.push(await makeMarker(paths));
  return made;
}

/** Who owns what a site consists of; throws (78) for an account or a group that does not exist. */
export function requireOwners(config: Config): { builder: Account; admins: number } {
  return { builder: requireAccount(config.build.user, 'build.user'), admins: adminGroupId(config) };
}

/** The file by which `checkShare` knows the share from an empty mount point. */
async function makeMarker({ marker }: Paths): Promise<string> {
  try {
    await writeFileAtomic(
      marker,
      'The share of ctmgr. Without this file it counts as not mounted: leave it here.\n',
      0o644,
    );
    return marker;
  } catch (error) {
    throw cannotMake(marker, error);
  }
}

/**
 * Refuses (69) to set up a share again where the database remembers one and nothing is there: that is a mount point
 * without its file system.
 */
export function refuseUnmountedShare(paths: Paths): void {
  if (!existsSync(paths.database) || existsSync(paths.marker) || existsSync(paths.builds)) return;
  throw new CtmgrError('unavailable', `the share ${paths.share} is not there`, {
    why: `there is a database already, and ${paths.builds} is missing`,
    hint: `mount ${paths.share}; if it really is a new one: mkdir -p ${paths.builds}; then: ctmgr init`,
  });
}

async function makeFolder({ path, uid, gid, mode }: Folder, refuseLink: boolean): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | (refuseLink ? constants.O_NOFOLLOW : 0);
    const handle = await open(path, flags);
    try {
      await handle.chown(uid, gid);
      await handle.chmod(mode);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw cannotMake(path, error);
  }
}

/** Makes the database, or brings its schema up to date; only root and the admins can open it. */
export async function createStore(config: Config, paths: Paths): Promise<string[]> {
  const admins = adminGroupId(config);
  const isNew = !existsSync(paths.database);
  try {
    if (isNew) {
      // SQLite gives its -wal and -shm files the mode of the database, so that has to be right before it opens it.
      await mkdir(dirname(paths.database), { recursive: true });
      const file = await open(paths.database, 'wx', 0o660);
      await file.close();
    }
    await chown(paths.database, 0, admins);
    await chmod(paths.database, 0o660);
  } catch (error) {
    throw cannotMake(paths.database, error);
  }
  const store = connect(paths.database, false);
  try {
    const applied = await migrate(store);
    return isNew ? [paths.database] : applied.map((name) => `schema change ${name}`);
  } finally {
    await store.destroy();
  }
}

function adminGroupId(config: Config): number {
  const [group] = config.rights.admin_groups;
  return group === undefined ? 0 : requireGroup(group, 'rights.admin_groups').gid;
}

function cannotMake(path: string, cause: unknown): CtmgrError {
  return new CtmgrError('cannotCreate', `cannot make ${path}`, {
    why: errorText(cause),
    hint: 'as root, on a machine where this file system is writable: ctmgr init',
    cause,
  });
}
