import { accessSync, constants } from 'node:fs';

import { writeCatalogue } from '../builds/write-catalogue.ts';
import type { Context } from './context.ts';

/**
 * Lets users see a change of definitions at once where the caller may write the share; where not (admins need no
 * rights there), the next pass of the poller shows it.
 */
export async function refreshCatalogue(context: Context): Promise<void> {
  try {
    accessSync(context.paths.share, constants.W_OK);
  } catch {
    return;
  }
  await writeCatalogue(await context.store(), context.paths);
}
