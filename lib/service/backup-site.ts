import { link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { contextsMember, databaseMember, packBackup } from '../builds/backup-archive.ts';
import type { Paths } from '../config/paths.ts';
import { backUpDatabase } from '../store/backup-store.ts';
import { isSystemError } from '../util/errors.ts';

/**
 * Packs the database and all build contexts into one file, while everything runs. The database is copied first: contexts are
 * stored before the version that needs them and never change, so that the copy finds all of its own in the archive. Images
 * are not in it.
 */
export async function backUpSite(paths: Paths, file: string): Promise<{ contexts: number }> {
  const folder = await mkdtemp(join(paths.state, '.backup-'));
  try {
    await backUpDatabase(paths.database, join(folder, databaseMember));
    await mkdir(join(folder, contextsMember));
    const names = (await listContexts(paths.contexts)).filter((name) => /^[0-9a-f]{64}\.tar$/.test(name));
    const members = names.map((name) => join(contextsMember, name));
    for (const name of names) await link(join(paths.contexts, name), join(folder, contextsMember, name));
    await packBackup(folder, [databaseMember, ...members], file);
    return { contexts: names.length };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function listContexts(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}
