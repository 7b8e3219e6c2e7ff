import { findObstacles } from './find-obstacles.ts';
import { makePlan } from './make-plan.ts';
import type { RecipePlan } from './recipe-plan.ts';
import { throwRefusals } from './refusal.ts';
import { type ParseOptions, resolveDockerfile } from './resolve-dockerfile.ts';

/**
 * Reads a Dockerfile as BuildKit does and resolves it.
 * Throws CtmgrError `badDefinition` that names every instruction, with its line, which is wrong or cannot be converted.
 */
export function parseDockerfile(text: string, options: ParseOptions): RecipePlan {
  const resolved = resolveDockerfile(text, options);
  throwRefusals(findObstacles(resolved));
  return makePlan(resolved);
}
