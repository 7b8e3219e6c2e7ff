import { createHash } from 'node:crypto';

import type { RenderedRecipe } from '../definitions/render-recipe.ts';
import { CtmgrError } from '../util/errors.ts';

/** One image of a rebuild. */
export interface PlannedInstance {
  name: string;
  recipe: RenderedRecipe;
  /** Number within the tag, from 0. */
  taskIndex: number;
  /** Number within its array, from 0. */
  arrayIndex: number;
  inputHash: string;
}

/** One sbatch. */
export interface PlannedArray {
  class: string;
  instances: PlannedInstance[];
}

/**
 * Divides recipes among job arrays: one array for each resource class, cut after `maxArraySize` elements, since the
 * largest index that Slurm takes is MaxArraySize - 1 (slurm.conf(5)). Tasks are numbered in the order of `recipes`; array
 * indices, which Slurm starts in ascending order, begin with the build that is expected to take longest (`expected`: seconds
 * by name), because longest-first keeps the end of the last build within 4/3 of the best possible one (R. L. Graham, Bounds
 * on multiprocessing timing anomalies, 1969). What was never built may take any time and comes first. Pure. Throws `configuration` for 0, with
 * which Slurm takes no arrays at all.
 */
export function planRebuild(
  recipes: RenderedRecipe[],
  defaultClass: string,
  maxArraySize: number,
  expected: ReadonlyMap<string, number> = new Map(),
): PlannedArray[] {
  if (maxArraySize < 1) {
    throw new CtmgrError('configuration', 'this Slurm takes no job arrays', {
      why: 'its largest array size is 0',
      hint: 'set MaxArraySize in slurm.conf',
    });
  }
  const byClass = Map.groupBy(recipes, ({ source }) => source.recipe.class ?? defaultClass);
  const arrays: PlannedArray[] = [];
  const seconds = ({ name }: { name: string }): number => expected.get(name) ?? Number.POSITIVE_INFINITY;
  let taskIndex = 0;
  for (const [name, members] of byClass) {
    const tasks = members.map((recipe) => {
      const task = { name: recipe.source.recipe.name, recipe, taskIndex, inputHash: inputHash(recipe) };
      taskIndex += 1;
      return task;
    });
    // Infinities of both sides make no number: equal then.
    tasks.sort((a, b) => seconds(b) - seconds(a) || 0);
    for (let first = 0; first < tasks.length; first += maxArraySize) {
      const some = tasks.slice(first, first + maxArraySize);
      arrays.push({ class: name, instances: some.map((task, arrayIndex) => ({ ...task, arrayIndex })) });
    }
  }
  return arrays;
}

/** The same for two builds exactly if they were asked for the same thing: definition (with overlays), files and platform. */
export function inputHash({ definition, manifest, source }: RenderedRecipe): string {
  const { platform } = source.content;
  return createHash('sha256')
    .update(JSON.stringify([definition, manifest.digest, ...(platform === null ? [] : [platform])]))
    .digest('hex');
}
