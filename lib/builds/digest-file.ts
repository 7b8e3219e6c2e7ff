import { lstat, readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { CtmgrError, isSystemError } from '../util/errors.ts';
import { writeFileAtomic } from '../util/write-file.ts';
import type { BuildSite } from './build-site.ts';
import { ownImage } from './own-image.ts';

/** A file of this kind is never longer: 64 digits, two blanks, a name of at most 255 bytes, a line break. */
const longest = 322;

/**
 * The file beside a published image that tells its digest: what a job is pinned to is then found in the same time however
 * many images there are. It is written as sha256sum(1) does, so that `sha256sum -c NAME.sif.sha256` checks a copy.
 */
export function digestFile(image: string): string {
  return `${image}.sha256`;
}

/** The image that such a file is for; undefined for any other name. */
export function imageOfDigest(path: string): string | undefined {
  return path.endsWith('.sif.sha256') ? path.slice(0, -'.sha256'.length) : undefined;
}

/** What the file has to say. */
function digestText(image: string, sha256: string): string {
  return `${sha256}  ${basename(image)}\n`;
}

/**
 * Writes the digest of an image beside it, for those who may read the image (`ownImage`). Throws the system's error if the
 * share does not let it, and CtmgrError `failed` if there is no such group.
 */
export async function writeDigest(
  site: BuildSite,
  image: string,
  { sha256, group }: { sha256: string; group: string | null },
): Promise<void> {
  const path = digestFile(image);
  const text = digestText(image, sha256);
  await writeFileAtomic(path, text, 0o600);
  const owned = await ownImage(site, path, { size: Buffer.byteLength(text), group });
  if (owned === 'good') return;
  const why = owned === 'missing' ? 'it is gone again' : owned.wrong;
  throw new CtmgrError('failed', `cannot write ${path}`, { why, hint: 'ctmgr fsck' });
}

/** True if the file beside an image says something else than its digest. One that is not there says nothing. */
export async function isWrongDigest(image: string, sha256: string): Promise<boolean> {
  const path = digestFile(image);
  try {
    const stats = await lstat(path);
    if (!stats.isFile() || stats.size > longest) return true;
    return (await readFile(path, 'utf8')) !== digestText(image, sha256);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}
