import { randomBytes } from 'node:crypto';
import { chmod, link, open, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';

import { createTar, extractTar } from '../definitions/tar-file.ts';
import { epochSeconds } from '../util/clock.ts';
import { briefErrorText, CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { hashFile } from '../util/hash-file.ts';

/** Names in the archive. */
export const databaseMember = 'ctmgr.db';
export const contextsMember = 'contexts';
const manifestMember = 'manifest.json';

const manifestSchema = v.object({
  format: v.literal(1),
  created: v.number(),
  host: v.string(),
  /** SHA-256 of every file, by its path in the archive. */
  files: v.record(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w./-]*$/)), v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
});

export type BackupManifest = v.InferOutput<typeof manifestSchema>;

/**
 * Packs files of a folder into one archive with a list of their sums: complete under its name or not there, readable by its
 * owner only. Throws CtmgrError `cannotCreate`, also if there is such a file already.
 */
export async function packBackup(folder: string, members: string[], file: string): Promise<BackupManifest> {
  const files: Record<string, string> = {};
  for (const member of members) files[member] = await hashFile(join(folder, member));
  const manifest: BackupManifest = { format: 1, created: epochSeconds(), host: hostname(), files };
  await writeFile(join(folder, manifestMember), `${JSON.stringify(manifest, null, 2)}\n`);
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    // Before tar fills it: there is no moment at which others can read it.
    await (await open(temporary, 'wx', 0o600)).close();
    await createTar(temporary, folder, [manifestMember, ...members]);
    await chmod(temporary, 0o600);
    await syncFile(temporary);
    // link(2), unlike rename(2), never replaces.
    await link(temporary, file);
  } catch (error) {
    if (!isSystemError(error, 'EEXIST', 'ENOENT', 'EACCES', 'EPERM', 'ENOSPC', 'EROFS', 'EDQUOT', 'ENOTDIR'))
      throw error;
    const hint = isSystemError(error, 'EEXIST') ? 'name a new file' : 'name a file in a folder that you may write';
    throw new CtmgrError('cannotCreate', `cannot write the backup ${file}`, {
      why: briefErrorText(error),
      hint,
      cause: error,
    });
  } finally {
    await rm(temporary, { force: true });
  }
  return manifest;
}

/**
 * Unpacks an archive into an empty folder and compares every sum. Throws CtmgrError `inputMissing` for what is no whole backup,
 * `cannotCreate` if there is no room for it.
 */
export async function unpackBackup(file: string, folder: string): Promise<BackupManifest> {
  const notWhole = `${file} is not a whole backup of ctmgr`;
  const notOne = (why: string, cause?: unknown): CtmgrError =>
    new CtmgrError('inputMissing', notWhole, { why, hint: 'take another backup', cause });
  try {
    await extractTar(file, folder);
    const manifest = v.parse(manifestSchema, JSON.parse(await readFile(join(folder, manifestMember), 'utf8')));
    for (const [member, sum] of Object.entries(manifest.files)) {
      if (member.split('/').includes('..') || (await hashFile(join(folder, member))) !== sum) {
        throw notOne(`${member} is not what was packed`);
      }
    }
    if (manifest.files[databaseMember] === undefined) throw notOne('it has no database');
    return manifest;
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw notOne(errorText(error), error);
    if (error.code === 'cannotCreate' || error.message.startsWith(notWhole)) throw error;
    throw notOne(error.why ?? error.message, error);
  }
}

/** Moves a file to a place where none is yet; false if there is one. */
export async function moveNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
  await rm(from);
  return true;
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
