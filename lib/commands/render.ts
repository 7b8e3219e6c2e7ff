import { renderVersion } from '../definitions/render-version.ts';
import type { Answer, Context } from './context.ts';
import { parseRecipeVersion } from './recipe-version.ts';

/** `ctmgr render NAME[:VERSION]`: the definition file, as a rebuild would build it now. */
export async function run(argv: { recipe: string }, context: Context): Promise<Answer> {
  const { name, version } = parseRecipeVersion(argv.recipe);
  const { definition, source } = await renderVersion(await context.store(), name, version, context.config);
  return { kind: 'record', record: { name, version: source.content.version, definition }, text: definition };
}
