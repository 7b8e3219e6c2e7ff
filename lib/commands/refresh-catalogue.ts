import { accessSync, constants } from 'node:fs';

import { writeCatalogue } from '../builds/write-catalogue.ts';
import { CtmgrError } from '../util/errors.ts';
import type { Context } from './context.ts';

/**
 * Lets users see a change of definitions at once where the caller may write the share; where not (admins need no
 * rights there), the next pass of the poller shows it. The change itself is recorded, so that a share that is away or full
 * makes it no failure.
 */
export async function refreshCatalogue(context: Context): Promise<void> {
  try {
    accessSync(context.paths.share, constants.W_OK);
  } catch {
    return;
  }
  const store = await context.store();
  try {
    await writeCatalogue(store, context.paths);
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    context.terminal.say(`ctmgr: ${error.message}: ${error.why ?? ''}`);
    context.terminal.say('The change is recorded; users see it after the next `ctmgr poll` that can write the share.');
  }
}
