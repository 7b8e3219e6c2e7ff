import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises';
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
  const size = await sizeOf(file);
  if (size === undefined) return 'missing';
  if (typeof size === 'string') return { wrong: size };
  if (size !== result.size) return { wrong: `${file} has ${size} bytes, the build reported ${result.size}` };
  if (site.asRoot) await chown(file, site.owner.uid, site.owner.gid);
  await chmod(file, Number.parseInt(site.config.images.mode, 8));
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
    changed_at: now,
  });
  if (!changed) return false;
  const current = await findCurrentImage(db, instance.recipe_id);
  if (current === undefined || current.buildTagId <= instance.build_tag_id) {
    await setCurrentImage(db, instance.recipe_id, instance.id, site.actor, now);
    const link = join(site.paths.current, `${instance.name}.sif`);
    await mkdir(dirname(link), { recursive: true });
    await replaceSymlink(link, relative(dirname(link), file));
  }
  const subject = `${instance.name}:${instance.tag}`;
  await insertEvent(db, { actor: site.actor, kind: 'image.publish', subject, detail: { sha256: result.sha256 } }, now);
  return true;
}

/** Size in bytes; undefined if there is no such file, a sentence if it is no plain file. */
async function sizeOf(file: string): Promise<number | string | undefined> {
  try {
    const found = await lstat(file);
    return found.isFile() ? found.size : `${file} is not a regular file`;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
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
