import type { Config } from '../config/schema.ts';
import { renderExact, type RenderedRecipe } from '../definitions/render-recipe.ts';
import { unfinished } from '../store/instances.ts';
import { type NewestInstance, newestInstances } from '../store/newest-instances.ts';
import { apptainersOfClasses } from '../store/node-apptainer.ts';
import type { Store } from '../store/open.ts';
import { type Change, findChanges } from './find-changes.ts';
import { hasExactBases, type ImageInputs, inputHash } from './input-hash.ts';
import { lackingBase, type PlannedBase, planBases, type StandingImages } from './plan-bases.ts';
import { inputsOf } from './plan-rebuild.ts';
import { readInputs } from './read-inputs.ts';

/** An image that is built, and why. */
export interface ChangedImage {
  name: string;
  changes: Change[];
}

export interface Selection {
  changed: ChangedImage[];
  /** Names whose newest image is what would be built now. */
  unchanged: string[];
  /** Names that are left alone because it is not known whether they have changed. */
  skipped: string[];
}

/**
 * Compares what would be built of each recipe with its newest image that is good or being built, not with the current one: a name
 * that is pinned to an older image is not built again every night. `recipes` are in base order; one that lacks a base is in none of the lists. With the policy `skip` an image of
 * which nothing is known to differ but that a registry did not tell a digest is left alone.
 */
export async function selectChanged(
  db: Store,
  config: Config,
  recipes: readonly RenderedRecipe[],
  digests: ReadonlyMap<string, string>,
  standing: ReadonlyMap<string, StandingImages>,
): Promise<Selection> {
  const apptainers = await apptainersOfClasses(db);
  /** What ran out of memory was built in the larger class. */
  const apptainersOf = (name: string): string[] =>
    [name, config.classes[name]?.larger ?? ''].flatMap((one) => apptainers.get(one) ?? []);
  const selection: Selection = { changed: [], unchanged: [], skipped: [] };
  const inTag = new Set<string>();
  for (const recipe of recipes) {
    const { name, id } = recipe.source.recipe;
    if (lackingBase(recipe, inTag, standing) !== undefined) continue;
    const bases = planBases(recipe, digests, inTag, standing);
    const { newest, good } = await newestInstances(db, id);
    const changes = await changesOf(newest, good, recipe, bases);
    const known = changes.filter(({ kind, to }) => kind !== 'base' || to !== null);
    if (changes.length === 0) selection.unchanged.push(name);
    else if (known.length === 0 && config.build.registry_unreachable === 'skip') selection.skipped.push(name);
    else {
      selection.changed.push({ name, changes });
      inTag.add(name);
    }
  }
  return selection;

  async function changesOf(
    newest: NewestInstance | undefined,
    good: NewestInstance | undefined,
    recipe: RenderedRecipe,
    bases: PlannedBase[],
  ): Promise<Change[]> {
    const isUnderWay = newest !== undefined && unfinished.includes(newest.status);
    const instance = isUnderWay ? newest : good;
    if (instance === undefined && newest === undefined) {
      return [{ kind: 'never-built', subject: '', from: null, to: null }];
    }
    const failed = !isUnderWay && newest !== undefined && newest.id !== good?.id;
    const end = failed ? [newest.status, newest.failureKind].filter((word) => word !== null).join(' ') : '';
    const failure: Change[] = failed ? [{ kind: 'failed', subject: '', from: end, to: null }] : [];
    if (instance === undefined) return failure;
    if (instance.removedAt !== null)
      return [...failure, { kind: 'removed', subject: '', from: instance.tag, to: null }];
    const versions = apptainersOf(recipe.source.recipe.class ?? config.build.class);
    const definition = renderExact(recipe, config, knownDigests(bases));
    const now = inputsOf({ ...recipe, definition }, bases, null);
    if (isMadeOf(instance, now, versions)) return failure;
    const previous = await readInputs(db, instance);
    const about = {
      renderAgain: () => renderExact(recipe, config, knownDigests(previous.bases)),
      imagesOf: (name: string) => standing.get(name)?.ids ?? [],
      apptainers: new Set(versions),
    };
    return [...failure, ...findChanges(previous, now, about)];
  }
}

/** True if an instance's hash is that of these inputs with one of the versions of Apptainer: then nothing has to be compared. */
function isMadeOf({ inputHash: hash }: NewestInstance, inputs: ImageInputs, apptainers: readonly string[]): boolean {
  return hasExactBases(inputs.bases) && apptainers.some((apptainer) => hash === inputHash({ ...inputs, apptainer }));
}

/** The digests among base images, by reference. */
export function knownDigests(bases: readonly PlannedBase[]): Map<string, string> {
  return new Map(
    bases.flatMap((base) => (base.kind === 'registry' && base.digest !== null ? [[base.reference, base.digest]] : [])),
  );
}
