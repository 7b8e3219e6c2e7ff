import { quote } from '../util/names.ts';
import type { Instruction } from './read-instructions.ts';
import type { PlanLabel, PlanStep, PlanWarning } from './recipe-plan.ts';
import { expandWord, type Lookup, WordError } from './expand-word.ts';
import { isPortable } from './definition-quote.ts';
import { literalText, type Value } from './plan-value.ts';
import { Refusal } from './refusal.ts';

/** What a build stage has become after the instructions read so far. */
export interface Stage {
  buildArgs: ReadonlyMap<string, string>;
  /** Values of ARG before FROM. */
  globalArgs: ReadonlyMap<string, string>;
  /** What expansion and RUN see of the file's own ENV and ARG. */
  variables: Map<string, Value>;
  /** What ENV leaves in the image. */
  environment: Map<string, Value>;
  labels: Map<string, string>;
  steps: PlanStep[];
  warnings: PlanWarning[];
  entrypoint: string[] | null;
  cmd: string[] | null;
  workdir: string;
  user: string;
}

export function makeStage(buildArgs: ReadonlyMap<string, string>, globalArgs: ReadonlyMap<string, string>): Stage {
  return {
    buildArgs,
    globalArgs,
    variables: new Map(),
    environment: new Map(),
    labels: new Map(),
    steps: [],
    warnings: [],
    entrypoint: null,
    cmd: null,
    workdir: '/',
    user: '',
  };
}

/** A refusal of this instruction. */
export function refuse(instruction: Instruction, code: string, reason: string, wayOut?: string): Refusal {
  const { line, keyword } = instruction;
  return new Refusal({ code, line, instruction: keyword, reason, ...(wayOut === undefined ? {} : { wayOut }) });
}

/** Filled by BuildKit from the platforms of builder and target once ARG declares them; also known to FROM. */
export const platformArguments = new Set(
  ['TARGET', 'BUILD'].flatMap((side) => ['PLATFORM', 'OS', 'ARCH', 'VARIANT'].map((part) => side + part)),
);

/** Names that shell, Apptainer or host set during build and run, so that a `$NAME` kept for the base would read those. */
const outsideNames =
  /^(HOME|USER|LOGNAME|PWD|OLDPWD|SHELL|SHLVL|HOSTNAME|TERM|LANG|E?UID|PPID|IFS|PS[124]|RANDOM|SECONDS|LINENO|OPTIND|OPTARG|_|BASH.*|APPTAINER.*|SINGULARITY.*|(http|https|ftp|no|all)_proxy)$/i;

/** Expands one word of an instruction; a variable that the file does not define stays a reference to the base image. */
export function expandInStage(stage: Stage, instruction: Instruction, word: string): Value {
  const expanded = expandFor(instruction, word, (name) => {
    const value = stage.variables.get(name);
    if (value) return value;
    if (/^([@*#?\-$!]|\p{Nd}+)$/u.test(name)) return 'unset';
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new WordError(`${quote(name)} cannot be the name of a variable in an image`);
    if (outsideNames.test(name)) {
      throw new WordError(`$${name} is not set in this file, and host and Apptainer have a ${name} of their own`);
    }
    return 'base';
  });
  if (isPortable(expanded)) return expanded;
  throw refuse(
    instruction,
    'expansion',
    'the text after :- or :+ has characters that shells treat differently',
    'write the value out',
  );
}

/** The same where the value must be known now: paths, names, labels. */
export function expandLiteral(stage: Stage, instruction: Instruction, word: string): string {
  const text = literalText(expandInStage(stage, instruction, word));
  if (text !== undefined) return text;
  throw refuse(
    instruction,
    'base-variable',
    `${quote(word)} depends on a variable of the base image`,
    'write its value out',
  );
}

/** Expands with any lookup and turns what BuildKit would reject into a refusal. */
export function expandFor(instruction: Instruction, word: string, lookup: Lookup): Value {
  try {
    return expandWord(word, lookup);
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
