import { setTimeout as delay } from 'node:timers/promises';

import { makeBuildSite, writesShare } from '../builds/build-site.ts';
import { showNames } from '../builds/show-names.ts';
import { writeCatalogue } from '../builds/write-catalogue.ts';
import { holderOfServiceLock } from '../service/service-lock.ts';
import { recipesBehind } from '../store/current-images.ts';
import { findRecipe } from '../store/recipes.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import type { Context } from './context.ts';

/** Milliseconds that a running service gets to carry out a change, several of its passes. */
const patience = 10_000;

/**
 * Carries out a change of a name that the store has already: at once where the caller may write the share (root, the
 * service account), else by the running service, which is waited for. If neither can, says who will. Returns the exit
 * status that tells so: 0 for done.
 */
export async function takeEffect(context: Context, name: string): Promise<number> {
  const { paths, terminal } = context;
  const store = await context.store();
  if (writesShare(context.config)) {
    try {
      const { problems } = await showNames(makeBuildSite(store, context.config, paths, context.caller.name));
      for (const problem of problems) terminal.say(`ctmgr: ${problem}`);
      await writeCatalogue(store, paths);
    } catch (error) {
      // The change is made, and only its showing has to wait; any other error is for the caller.
      if (!(error instanceof CtmgrError)) throw error;
      terminal.say(`ctmgr: ${[error.message, ...(error.why === undefined ? [] : [error.why])].join(': ')}`);
      terminal.say('The change is recorded and takes effect with the next `ctmgr poll` that can write the share.');
      return exitCodes.tryAgain;
    }
  } else if (holderOfServiceLock(paths.state) !== undefined) {
    await waitUntilShown(context, name);
  }
  const recipe = await findRecipe(store, name);
  if (recipe === undefined || !(await recipesBehind(store)).includes(recipe.id)) return 0;
  terminal.say('The change is recorded and takes effect with the next pass of the service, or as root: ctmgr poll');
  return exitCodes.tryAgain;
}

async function waitUntilShown(context: Context, name: string): Promise<void> {
  const store = await context.store();
  const id = (await findRecipe(store, name))?.id;
  const end = performance.now() + patience;
  while (!context.interrupted.aborted && performance.now() < end) {
    if (id === undefined || !(await recipesBehind(store)).includes(id)) return;
    await delay(100);
  }
}
