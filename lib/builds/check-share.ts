import { stat } from 'node:fs/promises';

import type { Paths } from '../config/paths.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';

/**
 * Makes sure that the share is there: a mount point where nothing is mounted is an empty folder, in which every image
 * would count as gone. `ctmgr init` leaves a marker in the share's root; without it this throws `unavailable` (69).
 * Call it before anything on the share is written, deleted or called missing.
 */
export async function checkShare(paths: Paths): Promise<void> {
  try {
    await stat(paths.marker);
  } catch (error) {
    const missing = isSystemError(error, 'ENOENT', 'ENOTDIR');
    throw new CtmgrError('unavailable', `the share ${paths.share} is not there`, {
      why: missing ? `it has no ${paths.marker}: it is not mounted here, or another one is` : errorText(error),
      hint: `mount ${paths.share}; a share of an older ctmgr gets its marker from: ctmgr init`,
      cause: error,
    });
  }
}
