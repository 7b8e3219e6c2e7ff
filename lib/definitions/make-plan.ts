import { isExportable, maintainerLabel } from './convert-variables.ts';
import { listLabels, type Stage } from './dockerfile-stage.ts';
import { encodeValue } from './plan-value.ts';
import { type InertConfig, newestRenderer, type PlanStep, type PlanWarning, type RecipePlan } from './recipe-plan.ts';
import type { ResolvedDockerfile } from './resolve-dockerfile.ts';
import { isRoot } from './user-functions.ts';

/** The plan that a recipe version stores; only for what has no obstacles. */
export function makePlan(resolved: ResolvedDockerfile): RecipePlan {
  const target = resolved.stages.at(-1) as Stage;
  const others = resolved.stages.slice(0, -1);
  const { base, cmd, workdir, user } = target;
  // The base image's runscript would add its own CMD to its ENTRYPOINT.
  const entrypoint = target.entrypoint ?? (cmd?.length === 0 ? (target.baseConfig?.entrypoint ?? null) : null);
  const labels = new Map(target.labels);
  if (target.maintainer !== undefined && !labels.has(maintainerLabel)) labels.set(maintainerLabel, target.maintainer);
  const inert = inertConfig(target);
  return {
    base,
    steps: storedSteps(target),
    environment: [...target.environment].map(([name, value]) => ({ name, value: encodeValue(value) })),
    labels: listLabels(labels),
    entrypoint,
    cmd,
    workdir,
    user,
    warnings: listWarnings(resolved),
    ...(others.length > 0 ? { name: target.name } : {}),
    ...(others.length > 0
      ? { stages: others.map((stage) => ({ name: stage.name, base: stage.base, steps: storedSteps(stage) })) }
      : {}),
    ...(inert ? { inert } : {}),
    renderer: newestRenderer,
  };
}

/** Without the names of ARG that no shell can export; expansion has used them already. */
function storedSteps({ steps }: Stage): PlanStep[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'arg') return [step];
    const variables = step.variables.filter(({ name }) => isExportable(name));
    return variables.length > 0 ? [{ ...step, variables }] : [];
  });
}

function inertConfig({ exposed, volumes, stopSignal, healthcheck, onbuild }: Stage): InertConfig | undefined {
  if (exposed.size + volumes.size + onbuild.length === 0 && stopSignal === '' && !healthcheck) return undefined;
  return { exposed: [...exposed], volumes: [...volumes], stopSignal, healthcheck, onbuild };
}

/** All warnings of the stages that are built, by line. */
export function listWarnings({ stages }: ResolvedDockerfile): PlanWarning[] {
  const target = stages.at(-1) as Stage;
  const warnings = stages.flatMap((stage) => stage.warnings);
  for (const { base, baseConfig, steps } of stages) {
    const { line, reference, kind } = base;
    const matters = steps.some((step) => step.kind === 'run' || step.kind === 'workdir' || step.kind === 'copy');
    if (kind === 'image' && !baseConfig && matters) {
      warnings.push({
        line,
        code: 'base-config-assumed',
        message: `${reference} is taken to have USER root and WORKDIR /`,
      });
    }
  }
  if (!isRoot(target.user)) {
    const user = target.steps.findLast((step) => step.kind === 'user');
    warnings.push({
      line: user?.line ?? target.base.line,
      code: 'user-at-run-time',
      message: `containers run as the user who starts them, not as ${target.user}`,
    });
  }
  if (target.onbuild.length > 0) {
    warnings.push({
      line: target.base.line,
      code: 'onbuild',
      message: `ONBUILD is for images that are based on this one: ${target.onbuild.length} kept, without effect here`,
    });
  }
  return warnings.toSorted((a, b) => a.line - b.line);
}
