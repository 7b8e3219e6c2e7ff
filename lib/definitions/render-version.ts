import type { Config } from '../config/schema.ts';
import type { Store } from '../store/open.ts';
import { contentByVersion, findRecipe, listCurrentRecipes } from '../store/recipes.ts';
import { CtmgrError } from '../util/errors.ts';
import { type RenderedRecipe, renderRecipe } from './render-recipe.ts';

/** A version of a recipe, the newest one by default, with the overlays of today. Throws `inputMissing` if there is none. */
export async function renderVersion(
  db: Store,
  name: string,
  version: number | undefined,
  config: Config,
): Promise<RenderedRecipe> {
  const recipe = await findRecipe(db, name);
  const current = (await listCurrentRecipes(db)).find((candidate) => candidate.recipe.id === recipe?.id);
  if (current === undefined)
    throw new CtmgrError('inputMissing', `there is no recipe ${name}`, { hint: 'ctmgr list --all' });
  const content = version === undefined ? current.content : await contentByVersion(db, current.recipe.id, version);
  if (content === undefined) {
    throw new CtmgrError('inputMissing', `${name} has no version ${version}`, { hint: `ctmgr history ${name}` });
  }
  return renderRecipe(db, { ...current, content }, config);
}
