import type { RecipePlan } from '../../../lib/definitions/recipe-plan.ts';

/** The plan of `FROM debian:12` and nothing else. */
export const emptyPlan: RecipePlan = {
  base: { kind: 'image', reference: 'debian:12', line: 1 },
  steps: [],
  environment: [],
  labels: [],
  entrypoint: null,
  cmd: null,
  workdir: '/',
  user: '',
  warnings: [],
};
