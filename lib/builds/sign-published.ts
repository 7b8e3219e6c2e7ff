import { constants } from 'node:fs';
import { access, copyFile, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { isSigned, signatureProblem, signImage } from '../apptainer/signature.ts';
import { changeInstance, findInstance, type Instance } from '../store/instances.ts';
import { findContent } from '../store/recipes.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { hashFile } from '../util/hash-file.ts';
import { isAlive, processIdentity } from '../util/process-identity.ts';
import type { BuildSite } from './build-site.ts';
import type { GoodResult } from './publish.ts';

/** A file that is not the image which the build reported, or one that another process is signing. */
export type NotSigned = 'raced' | 'missing' | { wrong: string };

/**
 * Signs a good build before it is published, if the site has a key, and verifies the signature. What is signed is a copy
 * in a folder that the build account may not write, and only if it is byte for byte what the build reported; the copy
 * takes the image's place in one step. Its hash is recorded before, so that after a crash the next pass knows it.
 * Returns the result with the size and hash of the signed file. An image that its maker has signed stays as it is.
 */
export async function signPublished(
  site: BuildSite,
  instance: Instance,
  file: string,
  result: GoodResult,
): Promise<GoodResult | NotSigned> {
  const { signing } = site.config;
  if (signing === undefined) return result;
  const { path: apptainer } = site.config.apptainer;
  await requireUsable([signing.key, signing.public_key], constants.R_OK);
  await requireUsable([apptainer], constants.X_OK);
  const folder = join(site.paths.tasks, instance.tag);
  const stem = `.signing-${instance.task_index}-`;
  const copy = join(folder, `${stem}${processIdentity()}`);
  if (await isTaken(folder, stem)) return 'raced';
  try {
    await copyFile(file, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    // Of two that began at once neither goes on; the next pass of one of them will be the first.
    if (await isTaken(folder, stem)) return 'raced';
    const before = await hashFile(copy);
    const now = await findInstance(site.store, instance.id);
    if (now?.status !== instance.status) return 'raced';
    if (before === now.sha256 && now.size !== null) return { ...result, sha256: before, size: now.size };
    if (before !== result.sha256) return { wrong: `${file} is not the image that the build reported` };
    const content = await findContent(site.store, instance.recipe_content_id);
    if (content.kind === 'image' && (await isSigned(apptainer, copy))) return result;
    await signImage(apptainer, signing.key, copy);
    const problem = await signatureProblem(apptainer, signing.public_key, copy);
    if (problem !== undefined) {
      throw new CtmgrError('configuration', `the signature of ${instance.name} is not good`, {
        why: problem,
        hint: 'signing.key and signing.public_key have to belong together',
      });
    }
    const signed = { sha256: await hashFile(copy), size: (await stat(copy)).size };
    await syncFile(copy);
    if (!(await changeInstance(site.store, instance.id, instance.status, signed))) return 'raced';
    await rename(copy, file);
    return { ...result, ...signed };
  } catch (error) {
    if (isSystemError(error, 'ENOENT') && error.path === file) return 'missing';
    throw error;
  } finally {
    await rm(copy, { force: true });
  }
}

/** Before anything large is copied: a key that cannot be read is met again in every pass. */
async function requireUsable(files: string[], mode: number): Promise<void> {
  for (const file of files) {
    try {
      await access(file, mode);
    } catch (error) {
      throw new CtmgrError('configuration', `cannot use ${file} to sign images`, {
        why: errorText(error),
        hint: 'ctmgr config',
        cause: error,
      });
    }
  }
}

/** True if another living process signs this image: its copy is there. What a dead one left behind is removed. */
async function isTaken(folder: string, stem: string): Promise<boolean> {
  for (const name of await readdir(folder)) {
    const holder = name.slice(stem.length);
    if (!name.startsWith(stem) || holder === processIdentity()) continue;
    if (isAlive(holder)) return true;
    await rm(join(folder, name), { force: true });
  }
  return false;
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
