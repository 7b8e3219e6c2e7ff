import { quote } from '../util/names.ts';
import { expandFor, platformArguments, refuse } from './dockerfile-stage.ts';
import { readArguments, refusePlatformArgument } from './convert-variables.ts';
import type { Lookup } from './expand-word.ts';
import { isImageReference } from './image-reference.ts';
import { literalText } from './plan-value.ts';
import type { Instruction } from './read-instructions.ts';
import type { RecipeBase } from './recipe-plan.ts';
import { splitBlanks } from './split-words.ts';

/** ARG before FROM: adds to `globalArgs`, which later ones and FROM see. */
export function convertGlobalArg(
  globalArgs: Map<string, string>,
  buildArgs: ReadonlyMap<string, string>,
  instruction: Instruction,
): void {
  for (const { name, value } of readArguments(instruction)) {
    const lookup = globalLookup(globalArgs, buildArgs, instruction);
    const key = text(instruction, name, lookup);
    const resolved = buildArgs.get(key) ?? (value === undefined ? undefined : text(instruction, value, lookup));
    if (resolved !== undefined) globalArgs.set(key, resolved);
  }
}

/** FROM of an image in a registry. */
export function convertFrom(
  globalArgs: ReadonlyMap<string, string>,
  buildArgs: ReadonlyMap<string, string>,
  instruction: Instruction,
): RecipeBase {
  const [image, as, stage, ...rest] = splitBlanks(instruction.args);
  if (image === undefined) throw refuse(instruction, 'syntax', 'needs an image');
  if (rest.length > 0 || (as !== undefined && (as.toLowerCase() !== 'as' || stage === undefined))) {
    throw refuse(instruction, 'syntax', 'is neither FROM IMAGE nor FROM IMAGE AS NAME');
  }
  if (stage !== undefined && !/^[a-z][a-z0-9-_.]*$/.test(stage.toLowerCase())) {
    throw refuse(
      instruction,
      'syntax',
      `${quote(stage)} is not a stage name`,
      'use a letter, then letters, digits, - _ .',
    );
  }
  const reference = text(instruction, image, globalLookup(globalArgs, buildArgs, instruction));
  if (reference === '')
    throw refuse(instruction, 'syntax', 'the name of the base image is empty', 'give ARG before FROM a value');
  if (reference === 'scratch') {
    throw refuse(
      instruction,
      'scratch',
      'an image from scratch is not converted yet',
      'start from an image with a shell',
    );
  }
  if (!isImageReference(reference)) {
    throw refuse(
      instruction,
      'image-reference',
      `${quote(reference)} is not the name of an image`,
      'write NAME:TAG in lower case',
    );
  }
  return { kind: 'image', reference, line: instruction.line };
}

function text(instruction: Instruction, word: string, lookup: Lookup): string {
  return literalText(expandFor(instruction, word, lookup)) ?? '';
}

function globalLookup(
  globalArgs: ReadonlyMap<string, string>,
  buildArgs: ReadonlyMap<string, string>,
  instruction: Instruction,
): Lookup {
  return (name) => {
    const value = globalArgs.get(name) ?? (platformArguments.has(name) ? buildArgs.get(name) : undefined);
    if (value !== undefined) return value === '' ? [] : [value];
    if (platformArguments.has(name)) throw refusePlatformArgument(instruction, name);
    return 'unset';
  };
}
