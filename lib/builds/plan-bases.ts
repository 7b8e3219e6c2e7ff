import { imageReferences } from '../definitions/build-stages.ts';
import { ownImageName } from '../definitions/image-reference.ts';
import type { RenderedRecipe } from '../definitions/render-recipe.ts';
import { findCurrentImage } from '../store/current-images.ts';
import { unfinished } from '../store/instances.ts';
import { type NewestInstance, newestInstances, readInstance } from '../store/newest-instances.ts';
import type { Store } from '../store/open.ts';
import { findRecipe } from '../store/recipes.ts';

/** What an image is going to be built from. */
export type PlannedBase = RegistryBase | OwnImage;

export interface RegistryBase {
  kind: 'registry';
  /** As FROM names it. */
  reference: string;
  /** Null: not known, the build goes by the tag. */
  digest: string | null;
}

export interface OwnImage {
  kind: 'image';
  /** `ctmgr:NAME`. */
  reference: string;
  name: string;
  /** The image as it is now; null: the one that the same build tag makes. */
  built: BuiltImage | null;
}

export interface BuiltImage {
  /** Of the instance. */
  id: number;
  tag: string;
  sha256: string;
}

/** What a name of ours stands for when others are built from it. */
export interface StandingImages {
  /** The current image; undefined: there is none. */
  current: BuiltImage | undefined;
  /** It is not offered any more. */
  retired: boolean;
  /** The one that is being built; its sha256 is empty. */
  underWay: BuiltImage | undefined;
  /** Ids of these and of the newest good image: a pinned or held-back name means an older one than the newest. */
  ids: number[];
}

/** What a recipe's image is built from; a ready image that was imported as a file is built from nothing. */
function references({ plan, source }: RenderedRecipe): string[] {
  const isFile = source.content.kind === 'image' && source.content.origin?.startsWith('docker://') !== true;
  return isFile ? [] : imageReferences(plan).map(({ reference }) => reference);
}

/** The references of a recipe's base images that registries have. */
export function registryReferences(recipe: RenderedRecipe): string[] {
  return references(recipe).filter((reference) => ownImageName(reference) === undefined);
}

/** The names of ours that a recipe's image is built from. */
export function ownNames(recipe: RenderedRecipe): string[] {
  return references(recipe).flatMap((reference) => ownImageName(reference) ?? []);
}

/** What a recipe's image is built from; an image of ours is that of the same tag if `inTag` has its name. */
export function planBases(
  recipe: RenderedRecipe,
  digests: ReadonlyMap<string, string>,
  inTag: ReadonlySet<string>,
  standing: ReadonlyMap<string, StandingImages>,
): PlannedBase[] {
  return references(recipe).map((reference) => {
    const name = ownImageName(reference);
    if (name === undefined) return { kind: 'registry', reference, digest: digests.get(reference) ?? null };
    return { kind: 'image', reference, name, built: inTag.has(name) ? null : asItIs(standing.get(name)) };
  });
}

/** The first image of ours that a recipe needs, and that neither exists nor is built in the same tag (`inTag`). */
export function lackingBase(
  recipe: RenderedRecipe,
  inTag: ReadonlySet<string>,
  standing: ReadonlyMap<string, StandingImages>,
): string | undefined {
  return ownNames(recipe).find((name) => !inTag.has(name) && standing.get(name)?.current === undefined);
}

/** What is to be compared with; only a current image can be built from. */
function asItIs(standing: StandingImages | undefined): BuiltImage | null {
  return standing?.current ?? standing?.underWay ?? null;
}

/** The images that a name of ours stands for now. */
export async function standingImages(db: Store, name: string): Promise<StandingImages> {
  const recipe = await findRecipe(db, name);
  if (recipe === undefined) return { current: undefined, retired: false, underWay: undefined, ids: [] };
  const found = await findCurrentImage(db, recipe.id);
  const { newest, good } = await newestInstances(db, recipe.id);
  const current = found && builtImage(await readInstance(db, found.instanceId));
  const underWay = newest && unfinished.includes(newest.status) ? builtImage(newest) : undefined;
  const retired = recipe.retired_at !== null;
  return { current, retired, underWay, ids: [current?.id, underWay?.id, good?.id].filter((id) => id !== undefined) };
}

function builtImage({ id, tag, sha256 }: NewestInstance): BuiltImage {
  return { id, tag, sha256: sha256 ?? '' };
}

/**
 * Recipes in the order in which they can be built: each after those that its image is built from. A recipe stays where it is as far
 * as that allows.
 */
export function inBaseOrder(recipes: readonly RenderedRecipe[]): RenderedRecipe[] {
  const byName = new Map(recipes.map((recipe) => [recipe.source.recipe.name, recipe]));
  const depths = new Map<RenderedRecipe, number>();
  const depth = (recipe: RenderedRecipe): number => {
    const known = depths.get(recipe);
    if (known !== undefined) return known;
    // Import refuses circles; should there be one all the same, it must not hang.
    depths.set(recipe, 0);
    const bases = ownNames(recipe).flatMap((name) => byName.get(name) ?? []);
    const found = Math.max(0, ...bases.map((base) => depth(base) + 1));
    depths.set(recipe, found);
    return found;
  };
  return recipes.toSorted((a, b) => depth(a) - depth(b));
}
