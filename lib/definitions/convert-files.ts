import { quote } from '../util/names.ts';
import { posix } from 'node:path';
import { readStringArray } from './convert-commands.ts';
import { expandLiteral, refuse, type Stage } from './dockerfile-stage.ts';
import type { Instruction } from './read-instructions.ts';
import { splitBlanks } from './split-words.ts';

/** COPY and ADD of files from the build context. */
export function convertCopy(stage: Stage, instruction: Instruction): void {
  const add = instruction.keyword === 'ADD';
  const words = (readStringArray(instruction) ?? splitBlanks(instruction.args)).map((word) =>
    expandLiteral(stage, instruction, word),
  );
  const destination = words.at(-1);
  const sources = words.slice(0, -1);
  if (destination === undefined || sources.length === 0)
    throw refuse(instruction, 'syntax', 'needs source and destination');
  if (sources.includes('')) throw refuse(instruction, 'syntax', 'a source is empty', 'check the variables in it');
  const remote = add && sources.find((source) => /^(https?|ftp|git|ssh):\/\/|^git@|\.git(#.*)?$/.test(source));
  if (remote) {
    throw refuse(
      instruction,
      'add-remote',
      `${quote(remote)} would be fetched while building`,
      'put the file into the build context and COPY it',
    );
  }
  if (sources.length > 1 && !isDirectoryName(destination)) {
    throw refuse(
      instruction,
      'syntax',
      'more than one source needs a destination that ends with /',
      `write ${destination}/`,
    );
  }
  const { line, text } = instruction;
  stage.steps.push({
    kind: 'copy',
    line,
    instruction: text,
    add,
    sources,
    destination: resolveDestination(stage, instruction, destination),
  });
}

export function convertWorkdir(stage: Stage, instruction: Instruction): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs a directory');
  const path = expandLiteral(stage, instruction, instruction.args);
  stage.workdir = resolvePath(stage, instruction, path);
  const { line, text } = instruction;
  stage.steps.push({ kind: 'workdir', line, instruction: text, path: stage.workdir, user: stage.user });
}

/** USER: a name or number, with an optional group; it is looked up in the image while building. */
export function convertUser(stage: Stage, instruction: Instruction): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs a user');
  const user = expandLiteral(stage, instruction, instruction.args);
  if (user !== '' && !/^[\w.][\w.-]*\$?(:[\w.][\w.-]*)?$/.test(user)) {
    throw refuse(instruction, 'user-name', `${quote(user)} is not USER or USER:GROUP`, 'use letters, digits, . _ -');
  }
  stage.user = user;
  stage.steps.push({ kind: 'user', line: instruction.line, instruction: instruction.text, user });
}

function isDirectoryName(path: string): boolean {
  return path === '' || path === '.' || path.endsWith('/');
}

function resolveDestination(stage: Stage, instruction: Instruction, destination: string): string {
  const path = resolvePath(stage, instruction, destination);
  return isDirectoryName(destination) && path !== '/' ? `${path}/` : path;
}

function resolvePath(stage: Stage, instruction: Instruction, path: string): string {
  if (/[\0\n]/.test(path)) throw refuse(instruction, 'path', 'a path holds a line break', 'use another name');
  const resolved = posix.resolve('/', stage.workdir, path);
  if (
    resolved === '/.ctmgr' ||
    resolved.startsWith('/.ctmgr/') ||
    /^\/(\.singularity\.d|dev|proc|sys)(\/|$)/.test(resolved)
  ) {
    throw refuse(instruction, 'path', `${quote(resolved)} is not part of an image of its own`, 'use another directory');
  }
  return resolved;
}
