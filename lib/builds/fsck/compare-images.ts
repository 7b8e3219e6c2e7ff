import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { allInstances, type Instance, unfinished } from '../../store/instances.ts';
import { errorText, isSystemError } from '../../util/errors.ts';
import { hashFile } from '../../util/hash-file.ts';
import type { BuildSite } from '../build-site.ts';
import { digestFile, isWrongDigest, writeDigest } from '../digest-file.ts';
import { privateGroups } from '../show-names.ts';
import { placeOf } from '../tag-folders.ts';
import type { Difference } from './difference.ts';

/**
 * Images of the database against files: missing, of another size, with `hash` of another content (which reads all of
 * them), and files that no build of ours has made. The disk is listed before the database is read, so that what is
 * published meanwhile is no stranger.
 */
export async function compareImages(site: BuildSite, hash: boolean): Promise<Difference[]> {
  const listed: { tag: string; path: string }[] = [];
  for (const group of [null, ...(await privateGroups(site.paths))]) {
    listed.push(...(await listImages(placeOf(site.paths, group).builds)));
  }
  const instances = await allInstances(site.store);
  const good = instances.filter(
    ({ status, file, removed_at }) => status === 'success' && file !== null && removed_at === null,
  );
  const differences: Difference[] = [];
  for (const instance of good) {
    const wrong = await compareImage(instance, hash);
    if (wrong !== undefined) differences.push(wrong);
    const digest = await compareDigest(site, instance);
    if (digest !== undefined) differences.push(digest);
  }
  const known = new Set(good.flatMap(({ file }) => (file === null ? [] : [file, digestFile(file)])));
  const building = new Set(instances.filter(({ status }) => unfinished.includes(status)).map(({ tag }) => tag));
  // The folder of an unknown tag is told as a whole.
  const tags = new Set(instances.map(({ tag }) => tag));
  for (const { tag, path } of listed) {
    // What is being built has hidden files, and an image just before the database knows of it.
    if (known.has(path) || building.has(tag) || !tags.has(tag)) continue;
    differences.push(foreign(path, 'no good build of the database has this file'));
  }
  return differences;
}

async function compareImage(
  { name, tag, file, size, sha256 }: Instance,
  hash: boolean,
): Promise<Difference | undefined> {
  const subject = `${name}:${tag}`;
  const fix = `rebuild it under a new tag: ctmgr rebuild ${name}`;
  const path = file ?? '';
  try {
    const found = await lstat(path);
    if (!found.isFile()) return { kind: 'image-missing', subject, detail: `${path} is not a regular file`, fix };
    if (found.size !== size) {
      return { kind: 'image-size', subject, detail: `${path} has ${found.size} bytes, ${size} were published`, fix };
    }
    if (!hash) return undefined;
    const actual = await hashFile(path);
    if (actual === sha256) return undefined;
    return { kind: 'image-hash', subject, detail: `${path} has the sha256 ${actual}, published was ${sha256}`, fix };
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) {
      return { kind: 'image-missing', subject, detail: `${path} is not there`, fix };
    }
    if (!isSystemError(error, 'EACCES', 'EIO', 'ESTALE')) throw error;
    return { kind: 'image-unreadable', subject, detail: errorText(error), fix };
  }
}

/** What the file beside an image tells is what jobs are told. */
async function compareDigest(site: BuildSite, instance: Instance): Promise<Difference | undefined> {
  const { name, tag, file, sha256, group } = instance;
  if (file === null || sha256 === null || !(await isWrongDigest(file, sha256))) return undefined;
  const detail = `${digestFile(file)} does not tell ${sha256}, which was published`;
  const repair = () => writeDigest(site, file, { sha256, group });
  return { kind: 'image-digest', subject: `${name}:${tag}`, detail, fix: null, repair };
}

async function listImages(builds: string): Promise<{ tag: string; path: string }[]> {
  const found: { tag: string; path: string }[] = [];
  for (const folder of await list(builds)) {
    if (!folder.isDirectory()) continue;
    for (const { name } of await list(join(builds, folder.name))) {
      found.push({ tag: folder.name, path: join(builds, folder.name, name) });
    }
  }
  return found;
}

/** The entries of a folder; none if it is gone. */
export async function list(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

/** A file that ctmgr knows nothing of: reported, and nothing more. */
export function foreign(path: string, detail: string): Difference {
  return { kind: 'foreign-file', subject: path, detail, fix: 'look at it; ctmgr never deletes what it does not know' };
}
