/**
 * What a Dockerfile means, resolved as BuildKit resolves it: a plain value that goes through JSON unchanged.
 * A step's position is its index in `steps`, counted from 0.
 */
export interface RecipePlan {
  base: RecipeBase;
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
}

/** The image that the recipe starts from, as written after FROM, with all variables resolved. */
export interface RecipeBase {
  kind: 'image';
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
  /** The program that is started; in shell form `/bin/sh`, `-c` and the text. */
  argv: string[];
  /** Absolute. */
  cwd: string;
  /** As in USER: name or number, with an optional `:group`; empty for root. */
  user: string;
}

/** Makes the directory, if it is not there. */
export interface WorkdirStep extends StepSource {
  kind: 'workdir';
  /** Absolute and clean (no `.`, `..` or doubled `/`). */
  path: string;
  user: string;
}

/** COPY, and ADD of local files that are not archives (then the same). */
export interface CopyStep extends StepSource {
  kind: 'copy';
  /** True for ADD: an archive among the sources would be unpacked, so the context's selection refuses it. */
  add: boolean;
  /** As written after expansion, relative to the context, Go `filepath.Match` patterns allowed. */
  sources: string[];
  /** Absolute; a `/` at the end says that it is a directory. */
  destination: string;
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
  /** Stable, kebab-case. */
  code: string;
  message: string;
}
