import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { findCurrentImage, setCurrentImage } from '../store/current-images.ts';
import { insertEvent } from '../store/events.ts';
import { changeInstance, type Instance } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { epochSeconds } from '../util/clock.ts';
import { isSystemError } from '../util/errors.ts';
import { replaceSymlink } from '../util/write-file.ts';
import type { BuildSite } from './build-site.ts';
import type { BuildResult } from './result-file.ts';
import { imageFile, logFiles } from './tag-folders.ts';

export type GoodResult = Extract<BuildResult, { outcome: 'success' }>;

/** What became of a good build: published, not visible (yet), or a file that is not the one which was reported. */
export type Publication = 'published' | 'raced' | 'missing' | { wrong: string };

/**
 * Publishes a good build: checks the file, gives it owner, group and mode, makes it current unless a newer build tag
 * is already, and records success. Link and record change inside one immediate transaction: a crash in between leaves
 * an instance that is still building, and the next pass does the same again. Throws the system's error if the share
 * does not let it.
 */
export async function publish(site: BuildSite, instance: Instance, result: GoodResult): Promise<Publication> {
  const file = imageFile(site.paths, instance);
  const checked = await checkAndOwn(site, file, result.size);
  if (checked !== 'good') return checked;
  await removeEmptyLogs(site, instance);
  const done = await site.store.transaction().execute((db) => record(db, site, instance, result, file));
  return done ? 'published' : 'raced';
}

async function record(
  db: Store,
  site: BuildSite,
  instance: Instance,
  result: GoodResult,
  file: string,
): Promise<boolean> {
  const now = epochSeconds();
  const changed = await changeInstance(db, instance.id, instance.status, {
    status: 'success',
    file,
    size: result.size,
    sha256: result.sha256,
    node: result.node,
    exit_code: result.exit_code,
    message: null,
    reason: null,
    missing_since: null,
    started_at: result.started,
    ended_at: result.ended,
    apptainer: result.apptainer || null,
    changed_at: now,
  });
  if (!changed) return false;
  const current = await findCurrentImage(db, instance.recipe_id);
  if (current === undefined || current.buildTagId <= instance.build_tag_id) {
    await setCurrentImage(db, instance.recipe_id, instance.id, site.actor, now);
    const link = join(site.paths.current, `${instance.name}.sif`);
    await replaceSymlink(link, relative(dirname(link), file));
  }
  const subject = `${instance.name}:${instance.tag}`;
  await insertEvent(db, { actor: site.actor, kind: 'image.publish', subject, detail: { sha256: result.sha256 } }, now);
  return true;
}

/**
 * Checks the image and gives it owner, group and mode through one open file: the folder belongs to the build account,
 * so that a name could stand for another file, or for a link to one, from one call to the next.
 */
async function checkAndOwn(
  site: BuildSite,
  file: string,
  size: number,
): Promise<'good' | 'missing' | { wrong: string }> {
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
    if (found.size !== size) return { wrong: `${file} has ${found.size} bytes, the build reported ${size}` };
    if (site.asRoot) await handle.chown(site.owner.uid, site.owner.gid);
    await handle.chmod(Number.parseInt(site.config.images.mode, 8));
    return 'good';
  } finally {
    await handle.close();
  }
}

/** A log file that nobody wrote to says nothing; without it `ls` shows which builds have something to tell. */
export async function removeEmptyLogs(site: BuildSite, instance: Instance): Promise<void> {
  const { out, err } = logFiles(site.paths, instance);
  for (const path of [out, err]) {
    try {
      if ((await lstat(path)).size === 0) await rm(path);
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error;
    }
  }
}
