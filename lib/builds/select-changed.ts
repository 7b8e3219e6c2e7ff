import type { Config } from '../config/schema.ts';
import { renderExact, type RenderedRecipe } from '../definitions/render-recipe.ts';
import { basesOfInstance, ownBasesOfInstance } from '../store/instance-bases.ts';
import { unfinished } from '../store/instances.ts';
import { apptainersOfNodes, type NewestInstance, newestInstances } from '../store/newest-instances.ts';
import type { Store } from '../store/open.ts';
import { overlaysOfInstance } from '../store/overlays.ts';
import { ownImageName } from '../definitions/image-reference.ts';
import { type Change, findChanges, type Previous } from './find-changes.ts';
import { type PlannedBase, planBases, type StandingImages } from './plan-bases.ts';

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
 * that is pinned to an older image is not built again every night. `recipes` are in base order. With the policy `skip` an image of
 * which nothing is known to differ but that a registry did not tell a digest is left alone.
 */
export async function selectChanged(
  db: Store,
  config: Config,
  recipes: readonly RenderedRecipe[],
  digests: ReadonlyMap<string, string>,
  standing: ReadonlyMap<string, StandingImages>,
): Promise<Selection> {
  const apptainers = await apptainersOfNodes(db);
  const selection: Selection = { changed: [], unchanged: [], skipped: [] };
  const inTag = new Set<string>();
  for (const recipe of recipes) {
    const { name, id } = recipe.source.recipe;
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
    const previous = await readPrevious(db, instance);
    const { overlays, source } = recipe;
    const now = {
      version: source.content.version,
      overlays: overlays.map(({ name, version }) => ({ name, version })),
      bases,
    };
    const about = {
      renderAgain: () => renderExact(recipe, config, knownDigests(previous.bases)),
      imagesOf: (name: string) => standing.get(name)?.ids ?? [],
      apptainers,
    };
    return [...failure, ...findChanges(previous, now, about)];
  }
}

async function readPrevious(db: Store, instance: NewestInstance): Promise<Previous> {
  const own = new Map((await ownBasesOfInstance(db, instance.id)).map((base) => [base.id, base]));
  const bases = (await basesOfInstance(db, instance.id)).map(({ reference, digest, baseInstanceId }): PlannedBase => {
    const name = ownImageName(reference);
    if (name === undefined) return { kind: 'registry', reference, digest };
    const { id, tag, sha256 } = own.get(baseInstanceId ?? 0) ?? { id: 0, tag: '', sha256: null };
    return { kind: 'image', reference, name, built: { id, tag, sha256: sha256 ?? '' } };
  });
  const { version, definition, apptainer } = instance;
  return { version, definition, apptainer, bases, overlays: await overlaysOfInstance(db, instance.id) };
}

/** The digests among base images, by reference. */
export function knownDigests(bases: readonly PlannedBase[]): Map<string, string> {
  return new Map(
    bases.flatMap((base) => (base.kind === 'registry' && base.digest !== null ? [[base.reference, base.digest]] : [])),
  );
}
