import { renderRecipe } from '../definitions/render-recipe.ts';
import { contentByVersion, findRecipe, listCurrentRecipes } from '../store/recipes.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr render NAME[:VERSION]`: the definition file, as a rebuild would build it now. */
export async function run(argv: { recipe: string }, context: Context): Promise<Answer> {
  const [nameText, versionText, more] = argv.recipe.split(':');
  const name = checkName(nameText ?? '', 'recipe');
  if (more !== undefined || (versionText !== undefined && !/^[1-9]\d{0,8}$/.test(versionText))) {
    throw new CtmgrError('usage', `${argv.recipe} is not NAME or NAME:VERSION`);
  }
  const store = await context.store();
  const recipe = await findRecipe(store, name);
  const current = (await listCurrentRecipes(store)).find((candidate) => candidate.recipe.id === recipe?.id);
  if (current === undefined)
    throw new CtmgrError('inputMissing', `there is no recipe ${name}`, { hint: 'ctmgr list --all' });
  const content =
    versionText === undefined ? current.content : await contentByVersion(store, current.recipe.id, Number(versionText));
  if (content === undefined) {
    throw new CtmgrError('inputMissing', `${name} has no version ${versionText}`, { hint: `ctmgr history ${name}` });
  }
  const { definition } = await renderRecipe(store, { ...current, content }, context.config);
  return { kind: 'record', record: { name, version: content.version, definition }, text: definition };
}
