import type { Stage } from './dockerfile-stage.ts';
import type { CopyStep, PlanStep, RunStep } from './recipe-plan.ts';
import type { RefusalDetails } from './refusal.ts';
import type { ResolvedDockerfile } from './resolve-dockerfile.ts';

/** Why a Dockerfile that Docker would build cannot become a definition file; empty if it can. In order of lines. */
export function findObstacles({ stages }: ResolvedDockerfile): RefusalDetails[] {
  const target = stages.at(-1) as Stage;
  const found = stages.flatMap((stage) => [
    ...stage.obstacles,
    ...baseObstacles(stage, stages),
    ...stage.steps.flatMap((step) => stepObstacles(step)),
  ]);
  if (target.cmd?.length === 0 && target.entrypoint === null) {
    found.push({
      code: 'empty-cmd',
      line: 0,
      instruction: '',
      reason: 'CMD [] without ENTRYPOINT would run the base image as nobody knows what',
      wayOut: 'add ENTRYPOINT or remove CMD []',
    });
  }
  return found.toSorted((a, b) => a.line - b.line);
}

function baseObstacles({ base }: Stage, stages: readonly Stage[]): RefusalDetails[] {
  const { line, kind } = base;
  const problem =
    kind === 'scratch'
      ? ['scratch', 'an image from scratch is not converted yet', 'start from an image with a shell']
      : stages.length > 1
        ? ['multi-stage', 'several stages are not converted yet', 'split the file, one image each']
        : undefined;
  if (!problem) return [];
  const [code = '', reason = '', wayOut = ''] = problem;
  return [{ code, line, instruction: 'FROM', reason, wayOut }];
}

function stepObstacles(step: PlanStep): RefusalDetails[] {
  const problem = step.kind === 'run' ? runObstacle(step) : step.kind === 'copy' ? copyObstacle(step) : undefined;
  if (!problem) return [];
  const [code, reason, wayOut] = problem;
  const keyword = (/^\S+/.exec(step.instruction)?.[0] ?? '').toUpperCase();
  return [{ code, line: step.line, instruction: keyword, reason, wayOut }];
}

type Problem = [code: string, reason: string, wayOut: string];

function runObstacle({ mounts, script }: RunStep): Problem | undefined {
  const mount = mounts?.[0];
  if (mount) {
    return [
      `${mount.type}-mount`,
      `--mount=type=${mount.type} is not converted yet`,
      'COPY what the command needs, and remove it in the last RUN',
    ];
  }
  if (script) return ['script', 'a here-document with #! is not converted yet', 'COPY a script and run it'];
  return undefined;
}

function copyObstacle(step: CopyStep): Problem | undefined {
  if (step.remote) {
    return ['add-remote', 'files would be fetched while building', 'put them into the build context and COPY them'];
  }
  if (step.from) return ['copy-from', '--from is not converted yet', 'put the files into the build context'];
  if (step.inline) return ['heredoc', 'a here-document is not converted yet', 'COPY a file'];
  const flag = (['chown', 'chmod', 'exclude', 'parents'] as const).find((name) => step[name] !== undefined);
  if (flag) return ['flag', `--${flag} is not converted yet`, 'copy the files, then RUN what it does'];
  return undefined;
}
