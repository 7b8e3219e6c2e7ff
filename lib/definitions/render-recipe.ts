import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { pathsOf, templatePath } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import type { Store } from '../store/open.ts';
import { listOverlays, type OverlayVersion } from '../store/overlays.ts';
import { loadRows } from '../store/recipe-rows.ts';
import { type CurrentRecipe, findCurrentRecipe, findRecipe } from '../store/recipes.ts';
import { type BaseSource, exactSource, namedSource } from './base-source.ts';
import { imageReferences } from './build-stages.ts';
import type { ContextManifest } from './context-manifest.ts';
import { ownImageName } from './image-reference.ts';
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
 * The newest versions of the overlays whose selectors match the recipe, in order; without those that the image of ours has which it is
 * based on. Such a recipe is selected by distribution and package manager of its base. Who asks for many recipes reads the overlays
 * once and gives `all` of them.
 */
export async function matchingOverlays(
  db: Store,
  source: CurrentRecipe,
  all?: OverlayVersion[],
): Promise<OverlayVersion[]> {
  const overlays = all ?? (await listOverlays(db));
  const lineage = await readLineage(db, source);
  const [own = [], ...below] = lineage.map(({ recipe, base }, index) => {
    const bases = lineage.slice(index).map((each) => each.base);
    const subject = {
      recipe: recipe.name,
      baseReference: base.location,
      distribution: bases.find(({ distribution }) => distribution !== null)?.distribution ?? null,
      packageManager: bases.find(({ package_manager }) => package_manager !== null)?.package_manager ?? null,
    };
    return overlays.filter(({ selector }) => matchesSelector(selector, subject));
  });
  const inherited = new Set(below.flat().map(({ overlayId }) => overlayId));
  return own.filter(({ overlayId }) => !inherited.has(overlayId));
}

/** The recipe, the one of ours that it is based on, and so on. */
async function readLineage(db: Store, source: CurrentRecipe): Promise<CurrentRecipe[]> {
  const lineage = [source];
  for (;;) {
    const name = ownImageName(lineage.at(-1)?.base.location ?? '');
    const base = name === undefined ? undefined : await findCurrentRecipe(db, name);
    if (base === undefined || lineage.some(({ recipe }) => recipe.id === base.recipe.id)) return lineage;
    lineage.push(base);
  }
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
  const overlays = source.content.kind === 'image' ? [] : await matchingOverlays(db, source, all);
  const made = { source, plan, manifest, overlays };
  const folders = new Map<string, string>();
  for (const { reference } of imageReferences(plan)) {
    const name = ownImageName(reference);
    if (name !== undefined) folders.set(name, await currentFolder(db, name, config));
  }
  const findBase = namedSource((name) => folders.get(name) ?? pathsOf(config).current);
  return { ...made, definition: render(made, config, findBase) };
}

/** Where the link to the current image of a name is. */
async function currentFolder(db: Store, name: string, config: Config): Promise<string> {
  const paths = pathsOf(config);
  const group = (await findRecipe(db, name))?.group ?? null;
  return group === null ? paths.current : join(paths.private, group, 'current');
}

/**
 * The definition file that is built: the same with the digests of the base images instead of their tags, by reference, and with
 * the images of ours in the task's own folder.
 */
export function renderExact(
  recipe: Omit<RenderedRecipe, 'definition'>,
  config: Config,
  digests: ReadonlyMap<string, string>,
): string {
  return render(recipe, config, exactSource(digests));
}

function render(
  { source, plan, manifest, overlays }: Omit<RenderedRecipe, 'definition'>,
  config: Config,
  findBase: (reference: string) => BaseSource,
): string {
  // Somebody else has built it, and nothing is added to it.
  if (source.content.kind === 'image') return readyDefinition(source.content.origin ?? '', findBase);
  return renderDefinition({
    plan,
    manifest,
    overlays: overlays.map(({ name, version, commands }) => ({
      name,
      version,
      steps: commands.map((command) => ({ command })),
    })),
    labels: [],
    findBase,
    template: readFileSync(templatePath('recipe-templates', 'definition.def.mustache', config), 'utf8'),
  });
}
