import type { Config } from '../config/schema.ts';
import type { Store } from '../store/open.ts';
import { type CurrentRecipe, findCurrentRecipe, findRecipe } from '../store/recipes.ts';
import { CtmgrError } from '../util/errors.ts';
import { type RenderedRecipe, renderRecipe } from './render-recipe.ts';

/** A version of a recipe, the newest one by default, with the overlays of today. Throws `inputMissing` if there is none. */
export async function renderVersion(
  db: Store,
  name: string,
  version: number | undefined,
  config: Config,
): Promise<RenderedRecipe> {
  return renderRecipe(db, await requireVersion(db, name, version), config);
}

/** A version of a recipe, the newest one by default, with its own base image. Throws `inputMissing` if there is none. */
export async function requireVersion(db: Store, name: string, version?: number): Promise<CurrentRecipe> {
  const found = await findCurrentRecipe(db, name, version);
  if (found !== undefined) return found;
  if ((await findRecipe(db, name)) === undefined)
    throw new CtmgrError('inputMissing', `there is no recipe ${name}`, { hint: 'ctmgr list --all' });
  throw new CtmgrError('inputMissing', `${name} has no version ${version}`, { hint: `ctmgr history ${name}` });
}
