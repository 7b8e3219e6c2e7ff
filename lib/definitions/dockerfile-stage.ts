import type { BaseConfig } from './base-config.ts';
import { isPortable } from './definition-quote.ts';
import { expandWord, type Lookup, WordError, type WordOptions } from './expand-word.ts';
import { literalText, resolveValue, type Value } from './plan-value.ts';
import type { Instruction } from './read-instructions.ts';
import type { HealthCheck, PlanLabel, PlanStep, PlanWarning, RecipeBase, StepSourceImage } from './recipe-plan.ts';
import type { ProblemCode } from './problem-codes.ts';
import { Refusal, type RefusalDetails } from './refusal.ts';

/** The PATH that BuildKit gives images which have none (moby/buildkit, util/system/path.go). */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the whole file gives to each of its stages. */
export interface FileFacts {
  buildArgs: ReadonlyMap<string, string>;
  /** Values of ARG before FROM. */
  globalArgs: Map<string, string>;
  /** TARGETPLATFORM and the others that BuildKit fills. */
  platformArgs: ReadonlyMap<string, string>;
  /** What `COPY --from` and `RUN --mount=from` name; the stage is converted then. Throws Refusal. */
  findImage(stage: Stage, instruction: Instruction, name: string): StepSourceImage;
}

/** What a build stage has become after the instructions read so far. */
export interface Stage {
  file: FileFacts;
  /** As in `AS name`, in lower case, or `stage-N`. */
  name: string;
  index: number;
  base: RecipeBase;
  /** The stage that FROM names. */
  parent: Stage | undefined;
  /** What the base image brings; undefined: nobody knows. A stage from another has that one's. */
  baseConfig: BaseConfig | undefined;
  /** What expansion and RUN see of the file's own ENV and ARG. */
  variables: Map<string, Value>;
  /** What ENV leaves in the image. */
  environment: Map<string, Value>;
  labels: Map<string, string>;
  maintainer: string | undefined;
  /** Of this stage alone. */
  steps: PlanStep[];
  warnings: PlanWarning[];
  /** What Docker would build and a definition file cannot say. */
  obstacles: RefusalDetails[];
  /** null: neither this stage nor one it is based on sets it. */
  entrypoint: string[] | null;
  cmd: string[] | null;
  /** Where it stands; 0: nowhere. */
  cmdLine: number;
  /** CMD stands in this very stage, so that ENTRYPOINT does not clear it. */
  hasOwnCmd: boolean;
  shell: string[];
  workdir: string;
  user: string;
  exposed: Set<string>;
  volumes: Set<string>;
  stopSignal: string;
  healthcheck: HealthCheck | null;
  /** Instructions for images that are based on this one. */
  onbuild: string[];
}

/** A stage before its first instruction: what it inherits from the stage or image that FROM names. */
export function makeStage(
  file: FileFacts,
  place: { name: string; index: number; base: RecipeBase; parent: Stage | undefined },
  baseConfig: BaseConfig | undefined,
): Stage {
  const { parent } = place;
  const own = { file, ...place, steps: [], warnings: [], obstacles: [], hasOwnCmd: false, onbuild: [] };
  if (!parent) {
    return {
      ...own,
      baseConfig,
      variables: new Map(),
      environment: new Map(),
      labels: new Map(),
      maintainer: undefined,
      entrypoint: null,
      cmd: null,
      cmdLine: 0,
      shell: baseConfig?.shell ?? ['/bin/sh', '-c'],
      workdir: baseConfig?.workdir ?? '/',
      user: baseConfig?.user ?? '',
      exposed: new Set(baseConfig?.exposed),
      volumes: new Set(baseConfig?.volumes),
      stopSignal: baseConfig?.stopSignal ?? '',
      healthcheck: baseConfig?.healthcheck ?? null,
    };
  }
  return {
    ...parent,
    ...own,
    variables: new Map(parent.variables),
    environment: new Map(parent.environment),
    labels: new Map(parent.labels),
    exposed: new Set(parent.exposed),
    volumes: new Set(parent.volumes),
  };
}

/** A refusal of this instruction, because BuildKit would not accept it either. */
export function refuse(instruction: Instruction, code: ProblemCode, reason: string, wayOut?: string): Refusal {
  return new Refusal(details(instruction, code, reason, wayOut));
}

/** Notes that Docker would do this and a definition file cannot. */
export function obstruct(
  stage: Stage,
  instruction: Instruction,
  code: ProblemCode,
  reason: string,
  wayOut?: string,
): void {
  stage.obstacles.push(details(instruction, code, reason, wayOut));
}

/** Warns about a line, once for each text. */
export function warn(stage: Stage, { line }: Instruction, code: ProblemCode, message: string): void {
  const { warnings } = stage;
  // Those of one line stand together.
  for (let at = warnings.length - 1; warnings[at]?.line === line; at -= 1) {
    if (warnings[at]?.code === code && warnings[at]?.message === message) return;
  }
  warnings.push({ line, code, message });
}

function details({ line, keyword }: Instruction, code: ProblemCode, reason: string, wayOut?: string): RefusalDetails {
  return { code, line, instruction: keyword, reason, ...(wayOut === undefined ? {} : { wayOut }) };
}

/** The base image's variables as far as they are known: without its configuration only PATH, as BuildKit's default. */
export function baseVariables({ baseConfig }: Stage): ReadonlyMap<string, string> {
  const variables = new Map(baseConfig?.environment);
  if (!variables.has('PATH')) variables.set('PATH', defaultPath);
  return variables;
}

/** Names that shell, Apptainer or host set during build and run, so that a `$NAME` kept for the base would read those. */
const outsideNames =
  /^(HOME|USER|LOGNAME|PWD|OLDPWD|SHELL|SHLVL|HOSTNAME|TERM|LANG|E?UID|PPID|IFS|PS[124]|RANDOM|SECONDS|LINENO|OPTIND|OPTARG|_|BASH.*|APPTAINER.*|SINGULARITY.*|(http|https|ftp|no|all)_proxy)$/i;

/**
 * Expands one word of an instruction. A variable that the file does not define stays a reference to the base image if
 * nobody knows what that holds; where a reference cannot stand for it, it counts as unset, with a warning.
 */
export function expandInStage(stage: Stage, instruction: Instruction, word: string, options: WordOptions = {}): Value {
  const { escape } = instruction;
  if (!stage.baseConfig) {
    try {
      const expanded = expandWord(word, lookupIn(stage, true), { escape, ...options });
      if (isPortable(expanded)) return expanded;
    } catch (error) {
      if (!(error instanceof WordError)) throw error;
    }
  }
  const assumed = new Set<string>();
  const lookup = lookupIn(stage, false);
  const expanded = expandFor(
    instruction,
    word,
    (name) => {
      if (!stage.variables.has(name)) assumed.add(name);
      return lookup(name);
    },
    options,
  );
  if (!stage.baseConfig) warnAssumed(stage, instruction, assumed);
  return expanded;
}

/** `keep` leaves what only the base image knows as a reference. */
function lookupIn(stage: Stage, keep: boolean): Lookup {
  const base = baseVariables(stage);
  return (name) => {
    const value = stage.variables.get(name);
    if (value) return value;
    if (keep && /^[A-Za-z_]\w*$/.test(name)) {
      if (outsideNames.test(name)) throw new WordError(`${name} has another meaning while building`);
      return 'base';
    }
    const known = base.get(name);
    return known === undefined ? 'unset' : known === '' ? [] : [known];
  };
}

/** The same where the value must be known now: paths, names, labels. */
export function expandLiteral(stage: Stage, instruction: Instruction, word: string, options: WordOptions = {}): string {
  const value = expandInStage(stage, instruction, word, options);
  const text = literalText(value);
  if (text !== undefined) return text;
  const assumed = new Set(value.flatMap((part) => (typeof part === 'string' ? [] : [part.name])));
  warnAssumed(stage, instruction, assumed);
  return resolveValue(value, baseVariables(stage));
}

function warnAssumed(stage: Stage, instruction: Instruction, names: ReadonlySet<string>): void {
  const variables = [...names].filter((name) => /^[A-Za-z_]\w*$/.test(name));
  if (variables.length === 0) return;
  const list = variables.map((name) => `$${name}`).join(', ');
  warn(
    stage,
    instruction,
    'base-variable',
    `${list} of the base image is taken as ${variables.includes('PATH') ? "Docker's default or unset" : 'unset'}`,
  );
}

/** Expands with any lookup and turns what BuildKit would reject into a refusal. */
export function expandFor(instruction: Instruction, word: string, lookup: Lookup, options: WordOptions = {}): Value {
  try {
    return expandWord(word, lookup, { escape: instruction.escape, ...options });
  } catch (error) {
    if (error instanceof WordError)
      throw refuse(instruction, 'expansion', error.message.slice(0, 200), 'write the value out');
    throw error;
  }
}

/** The map's entries as the plan lists them. */
export function listLabels(labels: ReadonlyMap<string, string>): PlanLabel[] {
  return [...labels].map(([name, value]) => ({ name, value }));
}
