import type { RecipeRows } from '../store/recipe-rows.ts';
import { CtmgrError } from '../util/errors.ts';
import {
  type CopyStep,
  type InertConfig,
  newestRenderer,
  type PlanStep,
  type PlanWarning,
  type RecipeBase,
  type RecipePlan,
} from './recipe-plan.ts';

/** What a version keeps beside its rows: the part of a plan that is no list. */
interface ImageConfig {
  base: RecipeBase;
  workdir: string;
  user: string;
  /** Tell "not in the Dockerfile" from "cleared", which have no rows both. */
  hasEntrypoint: boolean;
  hasCmd: boolean;
  warnings: PlanWarning[];
  /** Absent in versions with one stage. The steps of all stages are one list, those of the last one at its end. */
  name?: string;
  stages?: { name: string; base: RecipeBase; steps: number }[];
  inert?: InertConfig;
  renderer?: number;
}

export interface StoredPlan {
  rows: RecipeRows;
  /** JSON of the rest. */
  imageConfig: string;
}

/** Takes a plan apart into the store's rows. `planFromRows` puts it together again without any loss. */
export function planToRows(plan: RecipePlan): StoredPlan {
  const rows: RecipeRows = { tasks: [], files: [], environment: [], labels: [], runscript: [], startscript: [] };
  const { stages = [] } = plan;
  [...stages.flatMap(({ steps }) => steps), ...plan.steps].forEach((step, position) => {
    const { line, instruction, kind, ...content } = step;
    if (step.kind === 'copy') {
      const { sources, destination, ...options } = content as Omit<CopyStep, 'kind' | 'line' | 'instruction'>;
      rows.files.push({
        position,
        kind,
        sources: JSON.stringify(sources),
        destination,
        options: JSON.stringify(options),
        line,
        instruction,
      });
    } else {
      rows.tasks.push({ position, kind, content: JSON.stringify(content), line, instruction });
    }
  });
  rows.environment = plan.environment.map(({ name, value }, position) => ({ position, name, value }));
  rows.labels = plan.labels.map(({ name, value }, position) => ({ position, name, value }));
  const words = [
    ...(plan.entrypoint ?? []).map((word) => ({ role: 'entrypoint' as const, word })),
    ...(plan.cmd ?? []).map((word) => ({ role: 'cmd' as const, word })),
  ].map((word, position) => ({ ...word, position }));
  rows.runscript = words;
  rows.startscript = words.map((word) => ({ ...word }));
  const config: ImageConfig = {
    base: plan.base,
    workdir: plan.workdir,
    user: plan.user,
    hasEntrypoint: plan.entrypoint !== null,
    hasCmd: plan.cmd !== null,
    warnings: plan.warnings,
    ...(plan.name === undefined ? {} : { name: plan.name }),
    ...(plan.stages ? { stages: stages.map(({ name, base, steps }) => ({ name, base, steps: steps.length })) } : {}),
    ...(plan.inert ? { inert: plan.inert } : {}),
    ...(plan.renderer === undefined ? {} : { renderer: plan.renderer }),
  };
  return { rows, imageConfig: JSON.stringify(config) };
}

/**
 * The plan that `planToRows` took apart. Throws CtmgrError `configuration` for one whose text only a newer ctmgr can write.
 */
export function planFromRows(stored: StoredPlan): RecipePlan {
  const config = JSON.parse(stored.imageConfig) as ImageConfig;
  if ((config.renderer ?? 1) > newestRenderer) {
    throw new CtmgrError('configuration', 'a recipe version was stored by a newer ctmgr', {
      why: `its definition is of kind ${config.renderer}, this ctmgr writes those up to ${newestRenderer}`,
      hint: 'install the newer ctmgr on this host',
    });
  }
  const { tasks, files, environment, labels, runscript } = stored.rows;
  const steps = [
    ...tasks.map(({ position, kind, content, line, instruction }) => ({
      position,
      step: { kind, ...(JSON.parse(content) as object), line, instruction } as PlanStep,
    })),
    ...files.map(({ position, kind, sources, destination, options, line, instruction }) => ({
      position,
      step: {
        kind,
        ...(JSON.parse(options) as object),
        sources: JSON.parse(sources) as string[],
        destination,
        line,
        instruction,
      } as PlanStep,
    })),
  ].sort((a, b) => a.position - b.position);
  const all = steps.map(({ step }) => step);
  const stages = config.stages?.map(({ name, base, steps: count }) => ({ name, base, steps: all.splice(0, count) }));
  const wordsOf = (role: string): string[] => runscript.filter((row) => row.role === role).map((row) => row.word);
  return {
    base: config.base,
    steps: all,
    environment: environment.map(({ name, value }) => ({ name, value })),
    labels: labels.map(({ name, value }) => ({ name, value })),
    entrypoint: config.hasEntrypoint ? wordsOf('entrypoint') : null,
    cmd: config.hasCmd ? wordsOf('cmd') : null,
    workdir: config.workdir,
    user: config.user,
    warnings: config.warnings,
    ...(config.name === undefined ? {} : { name: config.name }),
    ...(stages ? { stages } : {}),
    ...(config.inert ? { inert: config.inert } : {}),
    ...(config.renderer === undefined ? {} : { renderer: config.renderer }),
  };
}
