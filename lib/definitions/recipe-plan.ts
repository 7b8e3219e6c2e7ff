/**
 * Which text of the definition file a version gets. A stored version renders to the same bytes for ever: where rendering has to change
 * after a release this becomes 2, and the code that writes the text asks `RecipePlan.renderer`. test/integration/golden.test.ts
 * sees every change that does not.
 */
export const newestRenderer = 1;

/**
 * What a Dockerfile means, resolved as BuildKit resolves it: a plain value that goes through JSON unchanged.
 * A step's position is its index in `steps`, counted from 0. Optional members are absent in versions that were stored before there
 * was anything to say in them.
 */
export interface RecipePlan {
  /** What the last stage starts from. */
  base: RecipeBase;
  /** Of the last stage. */
  steps: PlanStep[];
  /** What ENV leaves in the image, in order of first appearance, each name once. */
  environment: PlanVariable[];
  /** Each name once, the last value wins. */
  labels: PlanLabel[];
  /** The argument list of ENTRYPOINT; null: not in the file, the base image's own holds; empty: cleared. */
  entrypoint: string[] | null;
  /** The same for CMD. */
  cmd: string[] | null;
  /** The last WORKDIR, `/` without one. */
  workdir: string;
  /** The last USER, empty (root) without one. */
  user: string;
  warnings: PlanWarning[];
  /** The name of the last stage, if there are others. */
  name?: string;
  /** The stages that the last one needs, in file order. */
  stages?: PlanStage[];
  /** What has no effect in an Apptainer image, but belongs to the image Docker would build. */
  inert?: InertConfig;
  /** `newestRenderer` of the ctmgr that stored it; absent: 1. */
  renderer?: number;
}

/** A stage that others copy from or are based on. */
export interface PlanStage {
  name: string;
  base: RecipeBase;
  steps: PlanStep[];
}

/** Settings of an image that a job has no use for. */
export interface InertConfig {
  exposed: string[];
  volumes: string[];
  /** Empty if there is none. */
  stopSignal: string;
  healthcheck: HealthCheck | null;
  /** Instructions for images that are based on this one. */
  onbuild: string[];
}

/** As in an image's configuration (moby/docker-image-spec, `Healthcheck`); times are in nanoseconds. */
export interface HealthCheck {
  /** `NONE`, or `CMD` and an argument list, or `CMD-SHELL` and a text. */
  test: string[];
  interval?: number;
  timeout?: number;
  startPeriod?: number;
  startInterval?: number;
  retries?: number;
}

/** What FROM names, with all variables resolved: an image, an earlier stage by its name, or `scratch`. */
export interface RecipeBase {
  kind: 'image' | 'stage' | 'scratch';
  reference: string;
  line: number;
}

export type PlanStep = RunStep | WorkdirStep | CopyStep | VariableStep | UserStep;

/** What all steps have: where they come from. */
interface StepSource {
  /** The first line of the instruction in the Dockerfile, counted from 1. */
  line: number;
  /** The instruction on one line: continuations joined, comments left out. */
  instruction: string;
}

export interface RunStep extends StepSource {
  kind: 'run';
  form: 'shell' | 'exec';
  /** The program that is started; in shell form SHELL (`/bin/sh`, `-c`) and the text. */
  argv: string[];
  /** Absolute. */
  cwd: string;
  /** As in USER: name or number, with an optional `:group`; empty for root. */
  user: string;
  mounts?: RunMount[];
  /** A here-document that begins with `#!`: a file that is there while the command runs. */
  script?: { path: string; text: string };
}

/** What is there only while a command runs. */
export interface RunMount {
  type: 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';
  /** Absolute; empty for a secret that is only in the environment. */
  target: string;
  /** For bind and cache, relative to what is mounted; absent: all of it. */
  source?: string;
  /** For bind and cache; absent: the build context for bind, nothing for cache. */
  from?: StepSourceImage;
  readonly: boolean;
  /** Name of a cache, secret or ssh agent. */
  id?: string;
  /** A secret's variable. */
  env?: string;
  required?: boolean;
  mode?: string;
  uid?: string;
  gid?: string;
  sharing?: string;
  size?: string;
}

/** What files are copied from, beside the build context. */
export interface StepSourceImage {
  kind: 'stage' | 'image';
  /** The stage's name or the image's reference. */
  reference: string;
}

/** Makes the directory, if it is not there. */
export interface WorkdirStep extends StepSource {
  kind: 'workdir';
  /** Absolute and clean (no `.`, `..` or doubled `/`). */
  path: string;
  user: string;
}

/** COPY, and ADD of local files, of URLs and of git repositories. */
export interface CopyStep extends StepSource {
  kind: 'copy';
  /** True for ADD: an archive among the sources is unpacked. */
  add: boolean;
  /** As written after expansion, relative to the context, Go `filepath.Match` patterns allowed. */
  sources: string[];
  /** Absolute; a `/` at the end says that it is a directory. */
  destination: string;
  /** Absent: the build context. */
  from?: StepSourceImage;
  /** The sources are these here-documents, and `sources` their names. */
  inline?: { name: string; text: string }[];
  /** The only source is a URL or a git repository. */
  remote?: 'url' | 'git';
  chown?: string;
  chmod?: string;
  exclude?: string[];
  parents?: boolean;
  checksum?: string;
  unpack?: boolean;
  keepGitDir?: boolean;
}

/** ENV or ARG: from here on, the following steps see these values in their environment. */
export interface VariableStep extends StepSource {
  kind: 'env' | 'arg';
  variables: PlanVariable[];
}

/** USER; the user is also in each step that it matters for. */
export interface UserStep extends StepSource {
  kind: 'user';
  user: string;
}

/**
 * A variable and its value in the notation of `plan-value.ts`: literal text in which `\` and `$` are written `\\` and
 * `\$`; `${NAME}`, `${NAME:-word}` and `${NAME:+word}` stand for variables of the **base image**. Names that the Dockerfile defines are resolved and never appear.
 */
export interface PlanVariable {
  name: string;
  value: string;
}

/** A label, both parts literal. */
export interface PlanLabel {
  name: string;
  value: string;
}

/** Something that an Apptainer image cannot do as Docker would, without harm to the build. */
export interface PlanWarning {
  line: number;
  /** A warning of `problem-codes.ts`, perhaps of an earlier version of it. */
  code: string;
  message: string;
}
