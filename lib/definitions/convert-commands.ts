import { quote } from '../util/names.ts';
import { refuse, type Stage } from './dockerfile-stage.ts';
import type { Instruction } from './read-instructions.ts';

/** Docker's SHELL, which this converter does not let a file change. */
const shell = ['/bin/sh', '-c'];

export function convertRun(stage: Stage, instruction: Instruction): void {
  const { form, argv } = readCommand(instruction);
  if (argv.length === 0) throw refuse(instruction, 'syntax', 'needs a command');
  checkProgram(instruction, argv);
  const { line, text } = instruction;
  stage.steps.push({ kind: 'run', line, instruction: text, form, argv, cwd: stage.workdir, user: stage.user });
}

/** CMD may begin with an option: of the program that ENTRYPOINT names. */
export function convertCmd(stage: Stage, instruction: Instruction): void {
  stage.cmd = readCommand(instruction).argv;
}

export function convertEntrypoint(stage: Stage, instruction: Instruction): void {
  const { argv } = readCommand(instruction);
  checkProgram(instruction, argv);
  stage.entrypoint = argv;
}

/**
 * The argument list of a command. Text in brackets that is not JSON is a command for the shell, as in Docker; JSON with anything
 * but strings is an error, as there.
 */
function readCommand(instruction: Instruction): { form: 'shell' | 'exec'; argv: string[] } {
  const { args } = instruction;
  if (args === '') throw refuse(instruction, 'syntax', 'needs a command');
  const words = readStringArray(instruction);
  return words ? { form: 'exec', argv: words } : { form: 'shell', argv: [...shell, args] };
}

/** Refuses what the shell's `exec` would take for an option of its own instead of a program. */
function checkProgram(instruction: Instruction, [program]: string[]): void {
  if (program !== '' && program?.startsWith('-') !== true) return;
  throw refuse(
    instruction,
    'program-name',
    `${quote(program)} is not the name of a program`,
    'check the first element',
  );
}

/** The strings of a JSON array, undefined for anything that is no JSON array. */
export function readStringArray(instruction: Instruction): string[] | undefined {
  if (!instruction.args.startsWith('[')) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(instruction.args);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  return parsed.map((word: unknown) => {
    if (typeof word !== 'string')
      throw refuse(instruction, 'json', 'the array holds something else than strings', 'quote all elements');
    if (word.includes('\0'))
      throw refuse(instruction, 'bad-character', 'an element holds a NUL character', 'remove it');
    return word.toWellFormed();
  });
}
