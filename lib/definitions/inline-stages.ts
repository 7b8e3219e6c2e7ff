import type { RecipeBase, RecipePlan } from './recipe-plan.ts';

/** The image that the last stage starts from in the end, through all stages between; `scratch` if there is none. */
export function rootReference({ base, stages = [] }: RecipePlan): string {
  let root: RecipeBase = base;
  while (root.kind === 'stage') {
    const { reference } = root;
    const stage = stages.find(({ name }) => name === reference);
    if (!stage) break;
    root = stage.base;
  }
  return root.reference;
}
