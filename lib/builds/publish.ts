import { lstat, rm } from 'node:fs/promises';

import { findCurrentImage, newestGoodTagId, setCurrentImage } from '../store/current-images.ts';
import { insertEvent } from '../store/events.ts';
import { insertImageGates } from '../store/image-gates.ts';
import { changeInstance, type Instance } from '../store/instances.ts';
import { readInstance } from '../store/newest-instances.ts';
import { noteApptainer } from '../store/node-apptainer.ts';
import type { Store } from '../store/open.ts';
import { recipeAccess } from '../store/recipes.ts';
import { isHeld } from '../store/tag-holds.ts';
import { epochSeconds } from '../util/clock.ts';
import { isSystemError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { checkShare } from './check-share.ts';
import { writeDigest } from './digest-file.ts';
import { gatesFor } from './gates-for.ts';
import type { BuildResult } from './result-file.ts';
import { inputHash } from './input-hash.ts';
import { type ImageCheck, ownImage } from './own-image.ts';
import { readInputs } from './read-inputs.ts';
import { showName } from './show-names.ts';
import { signPublished } from './sign-published.ts';
import { imageFile, logFiles } from './tag-folders.ts';

export type GoodResult = Extract<BuildResult, { outcome: 'success' }>;

/** What this process publishes just now: a pass that waits for Slurm is not the only one, and files are told apart by process. */
const underWay = new Set<number>();

/** What became of a good build: published, not visible (yet), or a file that is not the one which was reported. */
export type Publication = 'published' | 'raced' | Exclude<ImageCheck, 'good'>;

/**
 * Publishes a good build: signs it if the site does that, checks the file, gives it owner, group and mode, makes it current
 * unless a newer build is good already, the tag is held, a gate is in front of it, or the name is pinned or retired, and records success. Link and
 * record change inside one immediate transaction: a crash in between leaves
 * an instance that is still building, and the next pass does the same again. Throws the system's error if the share
 * does not let it.
 */
export async function publish(site: BuildSite, instance: Instance, result: GoodResult): Promise<Publication> {
  if (underWay.has(instance.id)) return 'raced';
  underWay.add(instance.id);
  try {
    return await publishFile(site, instance, result);
  } finally {
    underWay.delete(instance.id);
  }
}

async function publishFile(site: BuildSite, instance: Instance, result: GoodResult): Promise<Publication> {
  await checkShare(site.paths);
  const file = imageFile(site.paths, instance);
  const signed = await signPublished(site, instance, file, result);
  if (typeof signed === 'string' || 'wrong' in signed) return signed;
  const { group } = await recipeAccess(site.store, instance.recipe_id);
  const checked = await ownImage(site, file, { size: signed.size, group });
  if (checked !== 'good') return checked;
  await writeDigest(site, file, { sha256: signed.sha256, group });
  await removeEmptyLogs(site, instance);
  const done = await site.store.transaction().execute((db) => record(db, site, instance, signed, file));
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
  const apptainer = result.apptainer || null;
  const inputs = await readInputs(db, await readInstance(db, instance.id));
  const gates = gatesFor(site.config, instance.name);
  const free = gates.length === 0 && !(await isHeld(db, instance.build_tag_id));
  const takesOver = free && (await takesNameOver(db, instance));
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
    apptainer,
    // Which Apptainer built it, and from which images of the same tag, is only known now.
    input_hash: inputHash({ ...inputs, apptainer }),
    changed_at: now,
  });
  if (!changed) return false;
  await insertImageGates(db, instance.id, gates, now);
  if (apptainer !== null) await noteApptainer(db, { class: instance.class, node: result.node, apptainer }, now);
  if (takesOver) await setCurrentImage(db, instance.recipe_id, instance.id, site.actor, now);
  // Its group may have changed while it was built.
  const { group } = await recipeAccess(db, instance.recipe_id);
  if (takesOver || group !== instance.group) await showName(db, site, instance.recipe_id);
  const subject = `${instance.name}:${instance.tag}`;
  await insertEvent(db, { actor: site.actor, kind: 'image.publish', subject, detail: { sha256: result.sha256 } }, now);
  return true;
}

/**
 * True if NAME shall mean this build. One that comes late does not take the name over from a newer good build, not even
 * if an admin has rolled back from that one since.
 */
export async function takesNameOver(db: Store, instance: Instance): Promise<boolean> {
  if ((await recipeAccess(db, instance.recipe_id)).retired) return false;
  const current = await findCurrentImage(db, instance.recipe_id);
  if (current !== undefined && current.pinnedAt !== null) return false;
  const newest = await newestGoodTagId(db, instance.recipe_id);
  return newest === undefined || newest <= instance.build_tag_id;
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
