import { registrySettings } from '../definitions/learn-bases.ts';
import { renderExact, type RenderedRecipe } from '../definitions/render-recipe.ts';
import { CtmgrError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { type Digests, lookUpDigests } from './look-up-digests.ts';
import { inBaseOrder, lackingBase, ownNames, type PlannedBase, planBases, registryReferences } from './plan-bases.ts';
import { type StandingImages, standingImages } from './plan-bases.ts';
import { knownDigests, type Selection, selectChanged } from './select-changed.ts';

export interface RebuildOptions {
  /** Only what differs from its newest image. */
  changed?: boolean | undefined;
  /** Registries are asked for the digests of base images, until this is aborted; absent: they are not, and builds go by tags. */
  ask?: AbortSignal | undefined;
}

/** What is built, and from what. */
export interface PlannedInputs {
  /** In base order, with the definitions that are built. */
  recipes: RenderedRecipe[];
  /** By name. */
  bases: Map<string, PlannedBase[]>;
  /** Only if asked for what has changed. */
  selection: Selection | undefined;
  /** Registries that did not tell, images that cannot be built now, in sentences. */
  problems: string[];
}

const notAsked: Digests = { known: new Map(), unknown: new Map(), problems: [] };

/**
 * Settles what each image is built from: base images get the digest that they have in their registries now, images of ours are those of the
 * same tag where that builds them, otherwise the current ones. What has no such image is left out, with a problem. Changes nothing.
 * Throws `inputMissing` if for that reason nothing is left of a rebuild.
 */
export async function planInputs(
  { store, config }: BuildSite,
  rendered: readonly RenderedRecipe[],
  { changed = false, ask }: RebuildOptions,
): Promise<PlannedInputs> {
  const ordered = inBaseOrder(rendered);
  const digests =
    ask === undefined
      ? notAsked
      : await lookUpDigests(ordered.flatMap(registryReferences), registrySettings(config, ask));
  const standing = new Map<string, StandingImages>();
  for (const name of new Set(ordered.flatMap(ownNames))) standing.set(name, await standingImages(store, name));
  const selection = changed ? await selectChanged(store, config, ordered, digests.known, standing) : undefined;
  const leftAlone = new Set([...(selection?.unchanged ?? []), ...(selection?.skipped ?? [])]);
  const wanted = ordered.filter((recipe) => !leftAlone.has(nameOf(recipe)));
  const { possible, problems } = withBases(wanted, standing, changed);
  const names = new Set(possible.map(nameOf));
  const bases = new Map(
    possible.map((recipe) => [nameOf(recipe), planBases(recipe, digests.known, names, standing)] as const),
  );
  const recipes = possible.map((recipe) => {
    const exact = knownDigests(bases.get(nameOf(recipe)) ?? []);
    return { ...recipe, definition: renderExact(recipe, config, exact) };
  });
  const policy = !changed
    ? 'they are built by tag'
    : config.build.registry_unreachable === 'build'
      ? 'images that are based on them are built by tag'
      : 'images of which nothing else has changed are left alone';
  return {
    recipes,
    bases,
    selection: selection && { ...selection, changed: selection.changed.filter(({ name }) => names.has(name)) },
    problems: [...digests.problems.map((problem) => `${problem}; ${policy}`), ...problems],
  };
}

/** Leaves out what is built from an image of ours that neither exists nor is going to. */
function withBases(
  recipes: readonly RenderedRecipe[],
  standing: ReadonlyMap<string, StandingImages>,
  mayBeEmpty: boolean,
): { possible: RenderedRecipe[]; problems: string[] } {
  const names = new Set<string>();
  const problems: string[] = [];
  const hints: string[] = [];
  const possible = recipes.filter((recipe) => {
    const name = nameOf(recipe);
    const base = lackingBase(recipe, names, standing);
    if (base === undefined) {
      names.add(name);
      return true;
    }
    const retired = standing.get(base)?.retired === true;
    problems.push(`${name} is not built: its base ${base} ${retired ? 'is retired' : 'has no image yet'}`);
    hints.push(retired ? `import ${name} with another base image, or ${base} again` : `ctmgr rebuild ${base} ${name}`);
    return false;
  });
  const [first] = problems;
  if (possible.length > 0 || first === undefined || mayBeEmpty) return { possible, problems };
  throw new CtmgrError('inputMissing', first, hints[0] === undefined ? {} : { hint: hints[0] });
}

function nameOf({ source }: RenderedRecipe): string {
  return source.recipe.name;
}
