import { realpath } from 'node:fs/promises';

import type { Paths } from '../config/paths.ts';
import { isSystemError } from '../util/errors.ts';

/** The paths that the share goes by: as it is configured, and without links, which is how the doors of a job write it. */
export async function sharePaths({ share }: Pick<Paths, 'share'>): Promise<string[]> {
  try {
    return [...new Set([share, await realpath(share)])];
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EACCES', 'ENOTDIR')) return [share];
    throw error;
  }
}
