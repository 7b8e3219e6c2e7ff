import { quote } from '../util/names.ts';
import { expandInStage, expandLiteral, obstruct, refuse, type Stage, warn } from './dockerfile-stage.ts';
import { encodeValue, type Value } from './plan-value.ts';
import type { Instruction } from './read-instructions.ts';
import type { PlanVariable } from './recipe-plan.ts';
import { showWord } from './refusal.ts';
import { storedLabel } from './stored-label.ts';
import { PairError, type RawPair, splitPairs, splitQuoted } from './split-words.ts';

/** ENV: all its values see the variables as they were before it. */
export function convertEnv(stage: Stage, instruction: Instruction): void {
  const pairs = readPairs(instruction).map((pair) => ({
    name: readName(stage, instruction, pair.name),
    value: expandInStage(stage, instruction, pair.value),
  }));
  for (const { name, value } of pairs) {
    stage.variables.set(name, value);
    stage.environment.set(name, value);
    if (value.length === 0)
      warn(stage, instruction, 'empty-env', `${name} is empty: unset where the host has a ${name}`);
    if (name === 'HOME')
      warn(stage, instruction, 'home-at-run-time', 'Apptainer sets HOME to that of the user at run time');
  }
  addVariables(stage, instruction, 'env', pairs);
}

/** ARG inside a stage: the value given by the caller, the default, or that of an ARG before FROM. */
export function convertArg(stage: Stage, instruction: Instruction): void {
  const { buildArgs, globalArgs, platformArgs } = stage.file;
  const known: { name: string; value: Value }[] = [];
  for (const argument of readArguments(instruction)) {
    const name = readArgName(stage, instruction, argument.name);
    const outer = argument.value === undefined ? (globalArgs.get(name) ?? platformArgs.get(name)) : undefined;
    const given = buildArgs.get(name) ?? outer;
    if (given === undefined && argument.value === undefined) continue;
    const value =
      given === undefined ? expandInStage(stage, instruction, argument.value ?? '') : given === '' ? [] : [given];
    if (stage.environment.has(name)) {
      warn(
        stage,
        instruction,
        'arg-hides-env',
        `RUN sees the value of ARG ${name} from here on, the image keeps that of ENV`,
      );
    }
    stage.variables.set(name, value);
    known.push({ name, value });
  }
  if (known.length > 0) addVariables(stage, instruction, 'arg', known);
}

/** LABEL: names and values are expanded; Apptainer keeps them as lines `name value`. */
export function convertLabel(stage: Stage, instruction: Instruction): void {
  for (const pair of readPairs(instruction)) {
    const name = expandLiteral(stage, instruction, pair.name);
    const value = expandLiteral(stage, instruction, pair.value);
    if (name === '') throw refuse(instruction, 'syntax', 'the name of a label is empty', 'write NAME=VALUE');
    checkLabel(stage, instruction, name, value);
    stage.labels.set(name, value);
  }
}

/** MAINTAINER: one line about the author. */
export function convertMaintainer(stage: Stage, instruction: Instruction): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs a name');
  checkLabel(stage, instruction, maintainerLabel, instruction.args);
  stage.maintainer = instruction.args;
}

/** Docker keeps MAINTAINER in a field of its own, outside of the labels; an Apptainer image has only those. */
export const maintainerLabel = 'org.opencontainers.image.authors';

/** The words of ARG: `NAME` or `NAME=default`. */
export function readArguments(instruction: Instruction): { name: string; value: string | undefined }[] {
  const words = splitQuoted(instruction.args, instruction.escape);
  if (words.length === 0) throw refuse(instruction, 'syntax', 'needs a name');
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals === 0) throw refuse(instruction, 'syntax', 'the name is empty', 'write NAME=VALUE');
    return equals < 0
      ? { name: word, value: undefined }
      : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

function readPairs(instruction: Instruction): RawPair[] {
  try {
    return splitPairs(instruction.args, instruction.escape);
  } catch (error) {
    if (error instanceof PairError) throw refuse(instruction, 'syntax', error.message, 'write NAME=VALUE');
    throw error;
  }
}

/** True for what a shell takes for the name of a variable. */
export function isExportable(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/** Shells keep these for themselves: assigning them fails or changes how our own lines are read. */
const reservedNames =
  /^(UID|EUID|PPID|GROUPS|FUNCNAME|DIRSTACK|SHELLOPTS|BASHOPTS|BASH_.*|IFS|OPTIND|LINENO|PWD|OLDPWD|PS[0124]|APPTAINER.*|SINGULARITY.*|ctmgr_.*)$/;

function expandName(stage: Stage, instruction: Instruction, word: string): string {
  const name = expandLiteral(stage, instruction, word);
  if (name === '') throw refuse(instruction, 'syntax', 'the name of a variable is empty', 'write NAME=VALUE');
  return name;
}

/** The name of an ARG: one that no shell knows is of use to the Dockerfile's own expansion only. */
function readArgName(stage: Stage, instruction: Instruction, word: string): string {
  const name = expandName(stage, instruction, word);
  if (isExportable(name)) return readName(stage, instruction, word);
  warn(stage, instruction, 'arg-name', `RUN does not see ${quote(name)}, which is not a name that a shell can export`);
  return name;
}

function readName(stage: Stage, instruction: Instruction, word: string): string {
  const name = expandName(stage, instruction, word);
  if (!isExportable(name)) {
    obstruct(
      stage,
      instruction,
      'variable-name',
      `${quote(name)} is not a name that a shell can export`,
      'use letters, digits and _',
    );
  } else if (reservedNames.test(name)) {
    obstruct(
      stage,
      instruction,
      'variable-name',
      `shells or Apptainer keep the name ${name} for themselves`,
      'use another name',
    );
  }
  return name;
}

function checkLabel(stage: Stage, instruction: Instruction, name: string, value: string): void {
  const stored = storedLabel({ name, value });
  if (!stored) {
    const reason = `Apptainer stores no label with the name ${quote(name)}, which has blanks or begins with #`;
    obstruct(stage, instruction, 'label', reason, 'write another name');
  } else if (stored.value !== value) {
    const message = `the value of label ${showWord(name)} is stored on one line without blanks around it`;
    warn(stage, instruction, 'label-value', message);
  }
}

function addVariables(
  stage: Stage,
  { line, text }: Instruction,
  kind: 'env' | 'arg',
  pairs: readonly { name: string; value: Value }[],
): void {
  const variables: PlanVariable[] = pairs.map(({ name, value }) => ({ name, value: encodeValue(value) }));
  stage.steps.push({ kind, line, instruction: text, variables });
}
