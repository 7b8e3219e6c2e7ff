import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { unfinished } from '../store/instances.ts';
import { type ImageOnDisk, instancesByTagName, type TagInstance } from '../store/removals.ts';
import { findVerification } from '../store/verifications.ts';
import { isSystemError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { imageOfDigest, isWrongDigest } from './digest-file.ts';
import { privateGroups } from './show-names.ts';
import { placeOf } from './tag-folders.ts';

/** Something on disk that is neither a published image nor in use. */
export interface Finding {
  /** `foreign` and `damaged` things are for a person to look at; the others may go. */
  kind: 'temporary' | 'leftover' | 'log' | 'task' | 'foreign' | 'damaged' | 'missing';
  path: string;
  name: string | null;
  tag: string | null;
  size: number | null;
  why: string;
}

/** Ages in seconds, and now. */
export interface ScanRules {
  grace: number;
  tasks: number;
  logs: number;
  now: number;
}

/** What the programs of ctmgr call a file that they have not finished: hidden, the name to be, random letters. */
const temporaryImage = /^\.[a-z0-9][a-z0-9._-]*\.sif(?:\.sha256)?\.[A-Za-z0-9]{6,12}$/;
const temporaryFile = /^\.(?:catalog\.json|ctmgr-share)\.[0-9a-f]{12}$/;
const temporaryContext = /^\.[0-9a-f]{12}\.tar$/;
const temporaryResult = /^\.\d+\.json\.[A-Za-z0-9]{6,12}$/;

/**
 * Looks through the folders of ctmgr for what has been left there: temporary files of killed processes, images and logs
 * that the store has given up, task folders nobody will look at, and things that are none of ours. Changes nothing.
 */
export async function scanShare(site: BuildSite, images: ImageOnDisk[], rules: ScanRules): Promise<Finding[]> {
  const tags = new TagBook(site);
  const findings: Finding[] = [];
  const known = new Map(images.map((image) => [image.file, image]));
  const seen = new Set<string>();
  // The poller clears verifications away by itself.
  const isVerification = async (name: string): Promise<boolean> =>
    (await findVerification(site.store, name)) !== undefined;
  for (const group of [null, ...(await privateGroups(site.paths))]) {
    const place = placeOf(site.paths, group);
    findings.push(...(await temporaries(place.folder, temporaryFile, rules)));
    findings.push(...(await temporaries(place.current, temporaryImage, rules)));
    for (const tag of await entries(place.builds)) {
      if (await isVerification(tag)) continue;
      const folder = join(place.builds, tag);
      const stranger = await notOfATag(folder, tag, tags);
      if (stranger !== undefined) findings.push(stranger);
      for (const entry of stranger === undefined ? await entries(folder) : []) {
        const path = join(folder, entry);
        seen.add(path);
        const finding = await judgeImage(
          path,
          { entry, tag, group, image: known.get(imageOfDigest(path) ?? path) },
          tags,
          rules,
        );
        if (finding !== undefined) findings.push(finding);
      }
    }
    for (const tag of await entries(place.logs))
      findings.push(...(await oldLogs(join(place.logs, tag), tag, tags, rules)));
  }
  for (const [file, { name, tag, size }] of known) {
    if (!seen.has(file))
      findings.push({ kind: 'missing', path: file, name, tag, size, why: 'published, and not there' });
  }
  for (const parent of [site.paths.tasks, site.paths.results]) {
    for (const tag of await entries(parent)) {
      if (!(await isVerification(tag))) findings.push(...(await oldTasks(join(parent, tag), tag, tags, rules)));
    }
  }
  findings.push(...(await temporaries(site.paths.contexts, temporaryContext, rules)));
  return findings;
}

/** The instances of tags, asked for once. */
class TagBook {
  readonly #site: BuildSite;
  readonly #known = new Map<string, Promise<TagInstance[] | undefined>>();

  constructor(site: BuildSite) {
    this.#site = site;
  }

  of(tag: string): Promise<TagInstance[] | undefined> {
    const known = this.#known.get(tag) ?? instancesByTagName(this.#site.store, tag);
    this.#known.set(tag, known);
    return known;
  }

  async isOpen(tag: string): Promise<boolean> {
    return ((await this.of(tag)) ?? []).some(({ status }) => unfinished.includes(status));
  }
}

/** A folder that is no folder could be a link to anywhere; one without a tag is somebody's own. */
async function notOfATag(path: string, tag: string, tags: TagBook): Promise<Finding | undefined> {
  const stats = await statOf(path);
  const found = { kind: 'foreign' as const, path, name: null, tag: null, size: stats?.size ?? null };
  if (stats?.isDirectory() !== true) return { ...found, why: 'not a folder' };
  return (await tags.of(tag)) === undefined ? { ...found, why: 'there is no such build tag' } : undefined;
}

interface Entry {
  entry: string;
  tag: string;
  group: string | null;
  image: ImageOnDisk | undefined;
}

async function judgeImage(
  path: string,
  { entry, tag, group, image }: Entry,
  tags: TagBook,
  rules: ScanRules,
): Promise<Finding | undefined> {
  const stats = await statOf(path);
  if (stats === undefined) return undefined;
  const isDigest = imageOfDigest(entry) !== undefined;
  const [, name = null] = /^(.+)\.sif$/.exec(imageOfDigest(entry) ?? entry) ?? [];
  const found = { path, name, tag, size: stats.size };
  if (image !== undefined && isDigest) {
    if (!(await isWrongDigest(image.file, image.sha256))) return undefined;
    return { ...found, kind: 'damaged', why: 'does not tell the digest of its image' };
  }
  if (image !== undefined) {
    if (stats.isFile() && stats.size === image.size) return undefined;
    return {
      ...found,
      kind: 'damaged',
      why: stats.isFile() ? `should have ${image.size} bytes` : 'not a regular file',
    };
  }
  if (temporaryImage.test(entry) && stats.isFile()) {
    if ((await tags.isOpen(tag)) || !isOlder(stats, rules.grace, rules.now)) return undefined;
    return { ...found, kind: 'temporary', why: 'left by a build that was killed' };
  }
  const owners = ((await tags.of(tag)) ?? []).filter((instance) => instance.name === name && instance.group === group);
  // A build that has just put it there, and the poller has not come by yet.
  if (owners.some(({ status }) => unfinished.includes(status) || status === 'lost')) return undefined;
  const removed = owners.find(({ removed_at, size }) => removed_at !== null && (isDigest || size === stats.size));
  if (removed !== undefined) return { ...found, kind: 'leftover', why: 'its deletion was interrupted' };
  return { ...found, kind: 'foreign', why: 'no build of ctmgr published this' };
}

async function oldLogs(folder: string, tag: string, tags: TagBook, rules: ScanRules): Promise<Finding[]> {
  const findings: Finding[] = [];
  const instances = (await tags.of(tag)) ?? [];
  for (const entry of await entries(folder)) {
    const [, name] = /^(.+)\.(?:log|err|packages)$/.exec(entry) ?? [];
    const owner = instances.find((instance) => instance.name === name);
    const path = join(folder, entry);
    const stats = await statOf(path);
    if (stats === undefined || name === undefined || owner === undefined) continue;
    const hasImage = owner.status === 'success' && owner.removed_at === null;
    if (hasImage || unfinished.includes(owner.status) || rules.now - owner.changed_at < rules.logs) continue;
    findings.push({ kind: 'log', path, name, tag, size: stats.size, why: 'of a build without image, and old' });
  }
  return findings;
}

/** A whole folder of tasks or results; of a tag that still is built, what killed processes have left in it. */
async function oldTasks(folder: string, tag: string, tags: TagBook, rules: ScanRules): Promise<Finding[]> {
  const stranger = await notOfATag(folder, tag, tags);
  if (stranger !== undefined) return [stranger];
  const instances = (await tags.of(tag)) ?? [];
  const common = { path: folder, name: null, tag, size: null };
  const isOver = instances.every(({ status }) => !unfinished.includes(status));
  const newest = Math.max(...instances.map(({ changed_at }) => changed_at));
  if (isOver && rules.now - newest >= rules.tasks)
    return [{ ...common, kind: 'task', why: 'of builds that ended long ago' }];
  return isOver ? temporaries(folder, temporaryResult, rules) : [];
}

async function temporaries(folder: string, pattern: RegExp, rules: ScanRules): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const entry of await entries(folder)) {
    if (!pattern.test(entry)) continue;
    const path = join(folder, entry);
    const stats = await statOf(path);
    if (stats === undefined || stats.isDirectory() || !isOlder(stats, rules.grace, rules.now)) continue;
    const why = 'left by a process that was killed';
    findings.push({ kind: 'temporary', path, name: null, tag: null, size: stats.size, why });
  }
  return findings;
}

function isOlder(stats: Stats, seconds: number, now: number): boolean {
  return now - stats.mtimeMs / 1000 >= seconds;
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** What lies in a folder, by name; nothing if there is no such folder. */
async function entries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
