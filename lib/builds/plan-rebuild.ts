import type { RenderedRecipe } from '../definitions/render-recipe.ts';
import { CtmgrError } from '../util/errors.ts';
import { type ImageInputs, inputHash } from './input-hash.ts';
import type { PlannedBase } from './plan-bases.ts';

/** One image of a rebuild. */
export interface PlannedInstance {
  name: string;
  recipe: RenderedRecipe;
  /** Number within the tag, from 0. */
  taskIndex: number;
  /** Number within its array, from 0. */
  arrayIndex: number;
  inputHash: string;
  /** What it is built from, in the order of its definition. */
  bases: PlannedBase[];
}

/** One sbatch. */
export interface PlannedArray {
  class: string;
  /** Names whose images of the same tag have to be good before it can start, because all of its images are built from them. */
  awaits: string[];
  instances: PlannedInstance[];
}

/**
 * Divides recipes among job arrays: one array for each resource class, cut after `maxArraySize` elements, since the
 * largest index that Slurm takes is MaxArraySize - 1 (slurm.conf(5)). Images that are built from others of the same tag (`bases`, by
 * name) have an array for each set of those, so that none waits for a base that is not its own. `recipes` are in base order. Tasks are numbered in the order of `recipes`; array
 * indices, which Slurm starts in ascending order, begin with the build that is expected to take longest (`expected`: seconds
 * by name), because longest-first keeps the end of the last build within 4/3 of the best possible one (R. L. Graham, Bounds
 * on multiprocessing timing anomalies, 1969). What was never built may take any time and comes first. `apptainers`: by class, the versions
 * that its nodes have, the latest report first. Pure. Throws `configuration` for 0, with which Slurm takes no arrays at all.
 */
export function planRebuild(
  recipes: RenderedRecipe[],
  defaultClass: string,
  maxArraySize: number,
  expected: ReadonlyMap<string, number> = new Map(),
  bases: ReadonlyMap<string, PlannedBase[]> = new Map(),
  apptainers: ReadonlyMap<string, readonly string[]> = new Map(),
): PlannedArray[] {
  if (maxArraySize < 1) {
    throw new CtmgrError('configuration', 'this Slurm takes no job arrays', {
      why: 'its largest array size is 0',
      hint: 'set MaxArraySize in slurm.conf',
    });
  }
  const basesOf = ({ source }: RenderedRecipe): PlannedBase[] => bases.get(source.recipe.name) ?? [];
  const groups = Map.groupBy(recipes, (recipe) =>
    JSON.stringify([recipe.source.recipe.class ?? defaultClass, ...awaited(basesOf(recipe))]),
  );
  const arrays: PlannedArray[] = [];
  const seconds = ({ name }: { name: string }): number => expected.get(name) ?? Number.POSITIVE_INFINITY;
  let taskIndex = 0;
  for (const [key, members] of groups) {
    const [name = '', ...awaits] = JSON.parse(key) as string[];
    const tasks = members.map((recipe) => {
      const own = basesOf(recipe);
      const task = {
        name: recipe.source.recipe.name,
        recipe,
        taskIndex,
        inputHash: inputHash(inputsOf(recipe, own, apptainers.get(name)?.[0] ?? null)),
        bases: own,
      };
      taskIndex += 1;
      return task;
    });
    // Infinities of both sides make no number: equal then.
    tasks.sort((a, b) => seconds(b) - seconds(a) || 0);
    for (let first = 0; first < tasks.length; first += maxArraySize) {
      const some = tasks.slice(first, first + maxArraySize);
      arrays.push({ class: name, awaits, instances: some.map((task, arrayIndex) => ({ ...task, arrayIndex })) });
    }
  }
  return arrays;
}

/** The names whose images of the same tag are needed. */
function awaited(bases: readonly PlannedBase[]): string[] {
  return [
    ...new Set(bases.flatMap((base) => (base.kind === 'image' && base.built === null ? [base.name] : []))),
  ].sort();
}

/** What an image is going to be made of. */
export function inputsOf(
  { source, overlays, definition }: RenderedRecipe,
  bases: PlannedBase[],
  apptainer: string | null,
): ImageInputs {
  const { version, context_digest: context, platform } = source.content;
  const applied = overlays.map((overlay) => ({ name: overlay.name, version: overlay.version }));
  return { version, context, platform, overlays: applied, bases, definition, apptainer };
}
