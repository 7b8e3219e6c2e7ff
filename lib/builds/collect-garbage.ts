import { constants } from 'node:fs';
import { access, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { insertEvent } from '../store/events.ts';
import { type ImageOnDisk, imagesOnDisk, markRemoved } from '../store/removals.ts';
import { epochSeconds, formatTime } from '../util/clock.ts';
import { briefErrorText, CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { run } from '../util/run.ts';
import type { BuildSite } from './build-site.ts';
import { checkShare } from './check-share.ts';
import { digestFile } from './digest-file.ts';
import { closedGates } from '../store/image-gates.ts';
import { listTagHolds } from '../store/tag-holds.ts';
import { imagesInUse } from './images-in-use.ts';
import { planRemoval, type RemovalPlan } from './plan-removal.ts';
import { type Finding, scanShare } from './scan-share.ts';
import { writeCatalogue } from './write-catalogue.ts';

/** What may go, and what a person has to look at. */
export interface GarbagePlan {
  images: RemovalPlan;
  findings: Finding[];
}

/** What became of one path of a plan. */
export interface Removal {
  path: string;
  /** Undefined: deleted. */
  problem: string | undefined;
}

const day = 86_400;

/**
 * Finds out what nobody needs. Changes nothing. Throws 69 if the share is not there, or if Slurm does not say what jobs
 * wait and run: what they name must stay.
 */
export async function planGarbage(site: BuildSite): Promise<GarbagePlan> {
  await checkShare(site.paths);
  const { keep, grace_days, logs_days, tasks_days } = site.config.gc;
  const images = await imagesOnDisk(site.store);
  const named = await imagesInUse(site, images);
  const now = epochSeconds();
  const rules = { grace: grace_days * day, logs: logs_days * day, tasks: tasks_days * day, now };
  const findings = await scanShare(site, images, rules);
  // What is not as it was published is for a person to look at, whatever its age.
  const doubtful = new Set(findings.map(({ path }) => path));
  const heldTags = new Set((await listTagHolds(site.store)).map(({ tag }) => tag));
  const undecided = (await closedGates(site.store)).filter(({ state }) => state !== 'held');
  const gated = new Set(undecided.map(({ container_instance_id }) => container_instance_id));
  const plan = planRemoval(images, { keep, grace: rules.grace, now, named, heldTags, gated });
  return { images: { ...plan, remove: plan.remove.filter(({ image }) => !doubtful.has(image.file)) }, findings };
}

/** Kinds of findings that `removeGarbage` deletes; the others are only reported. */
export function isRemovable({ kind }: Finding): boolean {
  return kind !== 'foreign' && kind !== 'damaged' && kind !== 'missing';
}

/**
 * Deletes what a plan names, images in this order: row, catalogue, file, so that no reader is sent to a file that is gone.
 * An image that has become current since stays. A file that is left by a crash is found by the next plan. A full share is
 * no obstacle. Throws 69 or 73, with nothing changed, if the share is not there or read-only.
 */
export async function removeGarbage(site: BuildSite, plan: GarbagePlan): Promise<Removal[]> {
  await requireWritable(site);
  const images = await forgetImages(site, plan);
  try {
    await writeCatalogue(site.store, site.paths);
  } catch (error) {
    // Room for it is what this makes.
    if (!(error instanceof CtmgrError) || !isSystemError(error.cause, 'ENOSPC', 'EDQUOT')) throw error;
  }
  const removals: Removal[] = [];
  for (const { file } of images) {
    const problem = (await remove(digestFile(file), false)) ?? (await remove(file, false));
    removals.push({ path: file, problem });
  }
  const others = plan.findings.filter(isRemovable);
  const folders = new Set(plan.findings.filter(({ kind }) => kind === 'task').map(({ path }) => path));
  for (const { path } of others) removals.push({ path, problem: await remove(path, folders.has(path)) });
  const leftovers = others.filter(({ kind }) => kind === 'leftover').map(({ path }) => path);
  for (const folder of new Set([...images.map(({ file }) => file), ...leftovers].map((path) => dirname(path)))) {
    await removeIfEmpty(folder);
  }
  await writeCatalogue(site.store, site.paths);
  return removals;
}

/** Says in the store that images are deleted, with an event for each and one for all. */
async function forgetImages(site: BuildSite, plan: GarbagePlan): Promise<ImageOnDisk[]> {
  const { actor } = site;
  return site.store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const gone: ImageOnDisk[] = [];
    for (const { image, why } of plan.images.remove) {
      if (!(await markRemoved(db, image.id, `deleted by gc on ${formatTime(now)}`, now))) continue;
      gone.push(image);
      const { file, size, sha256 } = image;
      const subject = `${image.name}:${image.tag}`;
      await insertEvent(db, { actor, kind: 'image.delete', subject, detail: { file, size, sha256, why } }, now);
    }
    const others = plan.findings.filter(isRemovable).map(({ path }) => path);
    if (gone.length + others.length > 0) {
      const detail = { images: gone.length, bytes: gone.reduce((sum, { size }) => sum + size, 0), others };
      await insertEvent(db, { actor, kind: 'gc', subject: site.paths.share, detail }, now);
    }
    return gone;
  });
}

async function requireWritable({ paths }: BuildSite): Promise<void> {
  await checkShare(paths);
  try {
    await access(paths.share, constants.W_OK);
  } catch (error) {
    throw new CtmgrError('cannotCreate', `cannot write the share ${paths.share}, so nothing was deleted`, {
      why: errorText(error),
      hint: 'make the share writable, then: ctmgr gc --delete',
      cause: error,
    });
  }
}

async function remove(path: string, isFolder: boolean): Promise<string | undefined> {
  if (!isFolder) {
    try {
      await rm(path, { force: true });
      return undefined;
    } catch (error) {
      return briefErrorText(error);
    }
  }
  // rm(1) walks a tree by open folders, so that nothing that is moved about meanwhile leads it elsewhere.
  const result = await run('rm', ['-rf', '--one-file-system', '--', path]);
  return result.exitCode === 0 ? undefined : result.stderr.trim();
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}
