import { readFileSync } from 'node:fs';

import { templatePath } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import type { Store } from '../store/open.ts';
import { listOverlays, type OverlayVersion } from '../store/overlays.ts';
import { loadRows } from '../store/recipe-rows.ts';
import type { CurrentRecipe } from '../store/recipes.ts';
import type { ContextManifest } from './context-manifest.ts';
import { matchesSelector } from './overlay-selector.ts';
import { planFromRows } from './plan-rows.ts';
import { readyDefinition } from './ready-image.ts';
import type { RecipePlan } from './recipe-plan.ts';
import { renderDefinition } from './render-definition.ts';

/** A recipe version ready to be built: what it is made of and the definition file that results. */
export interface RenderedRecipe {
  source: CurrentRecipe;
  plan: RecipePlan;
  manifest: ContextManifest;
  overlays: OverlayVersion[];
  definition: string;
}

/**
 * The newest versions of the overlays whose selectors match the recipe, in order. Who asks for many recipes reads the
 * overlays once and gives `all` of them.
 */
export async function matchingOverlays(
  db: Store,
  source: CurrentRecipe,
  all?: OverlayVersion[],
): Promise<OverlayVersion[]> {
  const subject = {
    recipe: source.recipe.name,
    baseReference: source.base.location,
    distribution: source.base.distribution,
    packageManager: source.base.package_manager,
  };
  return (all ?? (await listOverlays(db))).filter((overlay) => matchesSelector(overlay.selector, subject));
}

/** Renders a stored version with the overlays of today; from the store alone. */
export async function renderRecipe(
  db: Store,
  source: CurrentRecipe,
  config: Config,
  all?: OverlayVersion[],
): Promise<RenderedRecipe> {
  const plan = planFromRows({ rows: await loadRows(db, source.content.id), imageConfig: source.content.image_config });
  const manifest = JSON.parse(source.content.context_manifest) as ContextManifest;
  // Somebody else has built it, and nothing is added to it.
  if (source.content.kind === 'image') {
    return { source, plan, manifest, overlays: [], definition: readyDefinition(source.content.origin ?? '') };
  }
  const overlays = await matchingOverlays(db, source, all);
  const definition = renderDefinition({
    plan,
    manifest,
    overlays: overlays.map(({ name, version, commands }) => ({
      name,
      version,
      steps: commands.map((command) => ({ command })),
    })),
    labels: [],
    template: readFileSync(templatePath('recipe-templates', 'definition.def.mustache', config), 'utf8'),
  });
  return { source, plan, manifest, overlays, definition };
}
