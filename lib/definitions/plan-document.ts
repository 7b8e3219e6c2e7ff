import { baseVariables, type Stage } from './dockerfile-stage.ts';
import { findObstacles } from './find-obstacles.ts';
import { fullReference } from './image-reference.ts';
import { listWarnings } from './make-plan.ts';
import { decodeValue, resolveValue, type Value } from './plan-value.ts';
import type {
  CopyStep,
  HealthCheck,
  PlanStep,
  PlanWarning,
  RunMount,
  RunStep,
  StepSourceImage,
} from './recipe-plan.ts';
import type { ResolvedDockerfile } from './resolve-dockerfile.ts';

/**
 * A Dockerfile as BuildKit resolves it, in the stable form that `ctmgr convert --json` prints. Members are only ever added.
 * All values are final: variables are replaced, paths absolute, here-documents read.
 */
export interface PlanDocument {
  /** The stages that the target needs, in file order; the target is the last one. */
  stages: DocumentStage[];
  config: DocumentConfig;
  warnings: PlanWarning[];
}

export interface DocumentStage {
  /** As in `AS name`, in lower case, or `stage-N` with N counted from 0 over the file. */
  name: string;
  /** `ref`: the complete reference of an image, the name of a stage, or empty. */
  base: { kind: 'image' | 'stage' | 'scratch'; ref: string };
  /** Without those of the stage that this one is based on; triggers of ONBUILD come first, with FROM's line. */
  steps: DocumentStep[];
}

export type DocumentStep = DocumentRun | DocumentCopy | DocumentWorkdir;

export interface DocumentRun {
  kind: 'run';
  line: number;
  argv: string[];
  /** ENV and ARG as this step sees them, those of the base image included. */
  env: Record<string, string>;
  cwd: string;
  /** Empty: root. */
  user: string;
  mounts: DocumentMount[];
  /** Only for a here-document that begins with `#!`: the file that `argv` names. */
  script?: { path: string; text: string };
}

export interface DocumentMount extends Omit<RunMount, 'from'> {
  /** `context`, `stage:NAME`, `image:REF`; empty where nothing is mounted from anywhere. */
  from: string;
}

export interface DocumentCopy {
  kind: 'copy' | 'add';
  line: number;
  /** `context`, `stage:NAME`, `image:REF`, `heredoc`; for ADD also `url` and `git`. */
  from: string;
  sources: string[];
  /** Absolute; `/` at the end: a directory. */
  dest: string;
  chown: string;
  chmod: string;
  exclude: string[];
  parents: boolean;
  /** Only with `from: "heredoc"`: the texts, in the order of `sources`. */
  contents?: string[];
  /** Only where ADD says so. */
  checksum?: string;
  unpack?: boolean;
  keepGitDir?: boolean;
}

export interface DocumentWorkdir {
  kind: 'workdir';
  line: number;
  path: string;
}

export interface DocumentConfig {
  env: Record<string, string>;
  entrypoint: string[];
  cmd: string[];
  labels: Record<string, string>;
  workdir: string;
  user: string;
  exposed: string[];
  volumes: string[];
  stopSignal: string;
  healthcheck: HealthCheck | null;
  onbuild: string[];
}

/** What could not become a definition file is among the warnings, so that nothing is lost in silence. */
export function planDocument(resolved: ResolvedDockerfile): PlanDocument {
  const target = resolved.stages.at(-1) as Stage;
  return {
    stages: resolved.stages.map((stage) => ({
      name: stage.name,
      base: { kind: stage.base.kind, ref: baseReference(stage) },
      steps: listSteps(stage),
    })),
    config: imageConfig(target),
    warnings: documentWarnings(resolved),
  };
}

/** The document's warnings without the rest, which lists the whole environment of each command. */
export function documentWarnings(resolved: ResolvedDockerfile): PlanWarning[] {
  const obstacles = findObstacles(resolved).map(({ line, code, reason }) => ({ line, code, message: reason }));
  return [...assumptions(resolved), ...obstacles].toSorted((a, b) => a.line - b.line);
}

function baseReference({ base: { kind, reference } }: Stage): string {
  return kind === 'image' ? fullReference(reference) : kind === 'stage' ? reference : '';
}

/** Here all values depend on the base image's configuration, not only those of some steps. */
function assumptions(resolved: ResolvedDockerfile): PlanWarning[] {
  const warnings = listWarnings(resolved);
  for (const { base, baseConfig } of resolved.stages) {
    const said = warnings.some(({ code, line }) => code === 'base-config-assumed' && line === base.line);
    if (base.kind !== 'image' || baseConfig || said) continue;
    const message = `${base.reference} is taken to have Docker's default PATH, USER root and WORKDIR /`;
    warnings.push({ line: base.line, code: 'base-config-assumed', message });
  }
  return warnings;
}

function imageConfig(stage: Stage): DocumentConfig {
  const { baseConfig } = stage;
  const base = baseVariables(stage);
  const own = [...stage.environment].map(([name, value]) => [name, resolveValue(value, base)] as const);
  return {
    env: Object.fromEntries([...base, ...own]),
    entrypoint: stage.entrypoint ?? baseConfig?.entrypoint ?? [],
    cmd: stage.cmd ?? (stage.entrypoint === null ? (baseConfig?.cmd ?? []) : []),
    labels: { ...baseConfig?.labels, ...Object.fromEntries(stage.labels) },
    workdir: stage.workdir,
    user: stage.user,
    exposed: [...stage.exposed],
    volumes: [...stage.volumes],
    stopSignal: stage.stopSignal,
    healthcheck: stage.healthcheck,
    onbuild: stage.onbuild,
  };
}

function listSteps(stage: Stage): DocumentStep[] {
  const base = baseVariables(stage);
  const variables = new Map(stage.parent?.variables);
  let environment: Record<string, string> | undefined;
  return stage.steps.flatMap((step): DocumentStep[] => {
    if (step.kind === 'env' || step.kind === 'arg') environment = undefined;
    assign(variables, step);
    if (step.kind === 'run') {
      environment ??= Object.fromEntries([
        ...base,
        ...[...variables].map(([name, value]) => [name, resolveValue(value, base)] as const),
      ]);
      return [describeRun(step, environment)];
    }
    if (step.kind === 'copy') return [describeCopy(step)];
    return step.kind === 'workdir' ? [{ kind: 'workdir', line: step.line, path: step.path }] : [];
  });
}

function assign(variables: Map<string, Value>, step: PlanStep): void {
  if (step.kind !== 'env' && step.kind !== 'arg') return;
  for (const { name, value } of step.variables) variables.set(name, decodeValue(value));
}

function describeRun(step: RunStep, environment: Record<string, string>): DocumentRun {
  const { line, argv, cwd, user, mounts = [], script } = step;
  // As BuildKit names the sockets of a step (moby/buildkit, frontend/dockerfile/dockerfile2llb/convert_runmount.go).
  const usesAgent = mounts.some(({ type, target }) => type === 'ssh' && target === '');
  const env = usesAgent ? { SSH_AUTH_SOCK: '/run/buildkit/ssh_agent.0', ...environment } : environment;
  return {
    kind: 'run',
    line,
    argv,
    env,
    cwd,
    user,
    mounts: mounts.map(({ from, ...mount }) => ({
      ...mount,
      from: from ? sourceName(from) : mount.type === 'bind' ? 'context' : '',
    })),
    ...(script ? { script } : {}),
  };
}

function describeCopy(step: CopyStep): DocumentCopy {
  const { line, add, sources, destination, from, inline, remote } = step;
  return {
    kind: add ? 'add' : 'copy',
    line,
    from: from ? sourceName(from) : inline ? 'heredoc' : (remote ?? 'context'),
    sources,
    dest: destination,
    chown: step.chown ?? '',
    chmod: step.chmod ?? '',
    exclude: step.exclude ?? [],
    parents: step.parents ?? false,
    ...(inline ? { contents: inline.map(({ text }) => text) } : {}),
    ...(step.checksum === undefined ? {} : { checksum: step.checksum }),
    ...(step.unpack === undefined ? {} : { unpack: step.unpack }),
    ...(step.keepGitDir === undefined ? {} : { keepGitDir: step.keepGitDir }),
  };
}

function sourceName({ kind, reference }: StepSourceImage): string {
  return `${kind}:${kind === 'image' ? fullReference(reference) : reference}`;
}
