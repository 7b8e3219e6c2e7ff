import { type BuildStage, buildStages, sourcesOf, stageTitle } from './build-stages.ts';
import { copyObstacle } from './copy-obstacle.ts';
import type { Stage } from './dockerfile-stage.ts';
import { makePlan } from './make-plan.ts';
import type { PlanStep, RunMount, RunStep } from './recipe-plan.ts';
import type { ProblemCode } from './problem-codes.ts';
import { type RefusalDetails, showWord } from './refusal.ts';
import type { ResolvedDockerfile } from './resolve-dockerfile.ts';
import { isSecretId } from './run-lines.ts';

/** What stands against one step. */
export type Obstacle = [code: ProblemCode, reason: string, wayOut: string];

/** Why a Dockerfile that Docker would build cannot become a definition file; empty if it can. In order of lines. */
export function findObstacles(resolved: ResolvedDockerfile): RefusalDetails[] {
  const target = resolved.stages.at(-1) as Stage;
  const found = resolved.stages.flatMap((stage) => stage.obstacles);
  const stages = buildStages(makePlan(resolved));
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  for (const stage of stages) {
    for (const { step } of stage.steps) {
      const obstacle = stepObstacle(step, stage, byName);
      if (obstacle) found.push(describe(step, obstacle));
    }
  }
  found.push(...findSameTitles(stages));
  if (target.cmd?.length === 0 && target.entrypoint === null && !target.baseConfig) {
    found.push({
      code: 'empty-cmd',
      line: target.cmdLine,
      instruction: 'CMD',
      reason: '[] without ENTRYPOINT would run the base image as nobody knows what',
      wayOut: 'add ENTRYPOINT, remove CMD [], or let ctmgr know the base image: --pull-config, --base-config',
    });
  }
  const once = new Map(found.map((each) => [`${each.line} ${each.code} ${each.reason}`, each]));
  return [...once.values()].toSorted((a, b) => a.line - b.line);
}

/** Different images that the definition file would call the same. */
function findSameTitles(stages: readonly BuildStage[]): RefusalDetails[] {
  const references = new Map<string, string>();
  return stages
    .flatMap(({ steps }) => steps)
    .flatMap(({ step }) => sourcesOf(step).map((source) => ({ step, source })))
    .flatMap(({ step, source }) => {
      if (source.kind !== 'image') return [];
      const first = references.get(stageTitle(source)) ?? source.reference;
      references.set(stageTitle(source), first);
      if (first === source.reference) return [];
      const reason = `${showWord(source.reference)} cannot be told from ${showWord(first)}`;
      return [describe(step, ['stage-title', reason, `write FROM ${source.reference} AS NAME and --from=NAME`])];
    });
}

function describe({ line, instruction }: PlanStep, [code, reason, wayOut]: Obstacle): RefusalDetails {
  return { code, line, instruction: (/^\S+/.exec(instruction)?.[0] ?? '').toUpperCase(), reason, wayOut };
}

function stepObstacle(
  step: PlanStep,
  stage: BuildStage,
  stages: ReadonlyMap<string, BuildStage>,
): Obstacle | undefined {
  if (step.kind === 'run') {
    if (stage.base.kind === 'scratch') {
      return [
        'scratch-run',
        'an image from scratch has no shell that could run it',
        'run it in another stage, then COPY --from it',
      ];
    }
    return runObstacle(step);
  }
  if (step.kind === 'copy') {
    const source = step.from && stages.get(stageTitle(step.from));
    return copyObstacle(step, stage.bare, source?.bare ?? false);
  }
  if (step.kind === 'workdir' && stage.bare && !isMadeByCopy(step.path, stage)) {
    return [
      'no-shell',
      'the image has no shell that could make the directory',
      'make it in a stage with a shell and COPY --from it',
    ];
  }
  return undefined;
}

/** In an image without a shell, a directory is there if something is copied into it. */
function isMadeByCopy(path: string, { steps }: BuildStage): boolean {
  const folder = path === '/' ? '/' : `${path}/`;
  return path === '/' || steps.some(({ step }) => step.kind === 'copy' && step.destination.startsWith(folder));
}

function runObstacle({ mounts = [] }: RunStep): Obstacle | undefined {
  for (const mount of mounts) {
    const obstacle = mountObstacle(mount);
    if (obstacle) return obstacle;
  }
  return undefined;
}

function mountObstacle({
  type,
  target,
  from,
  id = '',
  env,
  uid = '0',
  gid = '0',
  mode = '0',
}: RunMount): Obstacle | undefined {
  if (type === 'ssh') {
    return ['ssh-mount', 'no SSH agent is there while building', 'fetch before, and COPY what was fetched'];
  }
  if (type === 'cache' && from) return ['cache-from', 'a cache cannot start with files', 'use type=bind'];
  if (type === 'secret' && !isSecretId(id)) {
    return ['secret-id', `the id ${JSON.stringify(id)} cannot be a file's name`, 'use letters, digits, . _ -'];
  }
  if (env !== undefined && !/^[A-Za-z_]\w*$/.test(env)) {
    return [
      'variable-name',
      `${JSON.stringify(env)} is not a name that a shell can export`,
      'use letters, digits and _',
    ];
  }
  if (!/^\d{1,10}$/.test(uid) || !/^\d{1,10}$/.test(gid) || !/^[0-7]{1,5}$/.test(mode)) {
    return ['mount-option', 'uid, gid and mode of a mount are numbers', 'write mode=0755,uid=1000,gid=1000'];
  }
  if (/^\/(\.singularity\.d|\.ctmgr|dev|proc|sys)(\/|$)|[\n\0]/.test(target)) {
    return ['path', `${JSON.stringify(target)} is not part of an image of its own`, 'use another directory'];
  }
  return undefined;
}
