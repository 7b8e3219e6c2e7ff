import { requireOverlay } from '../definitions/change-overlays.ts';
import { formatSelector } from '../definitions/overlay-selector.ts';
import { matchingOverlays } from '../definitions/render-recipe.ts';
import { overlayHistory } from '../store/overlays.ts';
import { listCurrentRecipes } from '../store/recipes.ts';
import { formatTime } from '../util/clock.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr overlay show NAME`: its steps, whom it matches, and its versions. */
export async function run(argv: { name: string }, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'overlay');
  const store = await context.store();
  const overlay = await requireOverlay(store, name);
  const recipes: string[] = [];
  for (const source of await listCurrentRecipes(store)) {
    const matching = await matchingOverlays(store, source);
    if (matching.some(({ overlayId }) => overlayId === overlay.overlayId)) recipes.push(source.recipe.name);
  }
  const versions = (await overlayHistory(store, name)).map(
    ({ version, createdAt, createdBy, message, selector, commands }) => ({
      version,
      created: createdAt,
      created_by: createdBy,
      message,
      selector: formatSelector(selector),
      commands,
    }),
  );
  const text = [
    `Overlay    ${name}, version ${overlay.version}`,
    `Selector   ${formatSelector(overlay.selector)}`,
    `Recipes    ${recipes.length === 0 ? 'none' : recipes.join(', ')}`,
    'Steps',
    ...overlay.commands.map((command) => `  ${command.replaceAll('\n', '\n  ')}`),
    'Versions',
    ...versions.map((v) => `  ${v.version}  ${formatTime(v.created)}  ${v.created_by}  ${v.message ?? ''}`.trimEnd()),
    '',
  ].join('\n');
  return { kind: 'record', record: { name, version: overlay.version, recipes, versions }, text };
}
