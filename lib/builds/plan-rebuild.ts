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
 * largest index that Slurm takes is MaxArraySize - 1 (slurm.conf(5)). Pure; the order of `recipes` is kept. Throws
 * `configuration` for 0, with which Slurm takes no arrays at all.
 */
export function planRebuild(recipes: RenderedRecipe[], defaultClass: string, maxArraySize: number): PlannedArray[] {
  if (maxArraySize < 1) {
    throw new CtmgrError('configuration', 'this Slurm takes no job arrays', {
      why: 'its largest array size is 0',
      hint: 'set MaxArraySize in slurm.conf',
    });
  }
  const byClass = Map.groupBy(recipes, ({ source }) => source.recipe.class ?? defaultClass);
  const arrays: PlannedArray[] = [];
  let taskIndex = 0;
  for (const [name, members] of byClass) {
    for (let first = 0; first < members.length; first += maxArraySize) {
      const instances = members.slice(first, first + maxArraySize).map((recipe, arrayIndex) => {
        const instance = {
          name: recipe.source.recipe.name,
          recipe,
          taskIndex,
          arrayIndex,
          inputHash: inputHash(recipe),
        };
        taskIndex += 1;
        return instance;
      });
      arrays.push({ class: name, instances });
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
