import { quote } from '../util/names.ts';
import { type FileFacts, expandFor, refuse } from './dockerfile-stage.ts';
import { readArguments } from './convert-variables.ts';
import type { Lookup } from './expand-word.ts';
import { isImageReference } from './image-reference.ts';
import { literalText } from './plan-value.ts';
import { parsePlatform } from './platform.ts';
import { flagValue, type Instruction } from './read-instructions.ts';
import { splitBlanks } from './split-words.ts';

/** ARG before FROM: adds to the values that later ones and FROM see. */
export function convertGlobalArg(file: FileFacts, instruction: Instruction): void {
  const { buildArgs, globalArgs } = file;
  for (const { name, value } of readArguments(instruction)) {
    const lookup = globalLookup(file);
    const key = text(instruction, name, lookup);
    const resolved = buildArgs.get(key) ?? (value === undefined ? undefined : text(instruction, value, lookup));
    if (resolved !== undefined) globalArgs.set(key, resolved);
  }
}

/** The words of FROM, before any expansion. */
export interface FromWords {
  image: string;
  /** In lower case. */
  stage: string | undefined;
}

/** Takes FROM apart; throws Refusal. */
export function readFrom(instruction: Instruction): FromWords {
  const [image, as, stage, ...rest] = splitBlanks(instruction.args);
  if (image === undefined) throw refuse(instruction, 'syntax', 'needs an image');
  if (rest.length > 0 || (as !== undefined && (as.toLowerCase() !== 'as' || stage === undefined))) {
    throw refuse(instruction, 'syntax', 'is neither FROM IMAGE nor FROM IMAGE AS NAME');
  }
  const name = stage?.toLowerCase();
  if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/.test(name)) {
    throw refuse(
      instruction,
      'syntax',
      `${quote(stage ?? '')} is not a stage name`,
      'use a letter, then letters, digits, - _ .',
    );
  }
  return { image, stage: name };
}

/** The image or stage that FROM names, and its `--platform`, with the values of ARG before FROM. */
export function resolveFrom(
  file: FileFacts,
  instruction: Instruction,
  image: string,
): { reference: string; platform: string | undefined } {
  const lookup = globalLookup(file);
  const reference = text(instruction, image, lookup);
  if (reference === '')
    throw refuse(instruction, 'syntax', 'the name of the base image is empty', 'give ARG before FROM a value');
  const flag = flagValue(instruction, 'platform');
  const platform = flag === undefined ? undefined : text(instruction, flag, lookup);
  if (platform !== undefined && parsePlatform(platform) === undefined) {
    throw refuse(instruction, 'syntax', `${quote(platform)} is not a platform`, 'write --platform=linux/amd64');
  }
  return { reference, platform };
}

/** Throws Refusal for what is no image name. */
export function checkReference(instruction: Instruction, reference: string): void {
  if (isImageReference(reference)) return;
  throw refuse(
    instruction,
    'image-reference',
    `${quote(reference)} is not the name of an image`,
    'write NAME:TAG in lower case',
  );
}

function text(instruction: Instruction, word: string, lookup: Lookup): string {
  return literalText(expandFor(instruction, word, lookup)) ?? '';
}

function globalLookup({ globalArgs, platformArgs, buildArgs }: FileFacts): Lookup {
  return (name) => {
    const platform = platformArgs.get(name);
    const value = globalArgs.get(name) ?? (platform === undefined ? undefined : (buildArgs.get(name) ?? platform));
    return value === undefined ? 'unset' : value === '' ? [] : [value];
  };
}
