import { quote } from '../util/names.ts';
import { obstruct, refuse, type Stage, warn } from './dockerfile-stage.ts';
import { chompTabs, readHeredocWord } from './find-heredocs.ts';
import { flagValue, type Instruction } from './read-instructions.ts';
import { readMounts } from './read-mounts.ts';
import { showWord } from './refusal.ts';
import { secretFile } from './run-lines.ts';
import type { RunStep } from './recipe-plan.ts';

/** RUN: a step with its mounts, and the shell or program that runs it. */
export function convertRun(stage: Stage, instruction: Instruction): void {
  const mounts = readMounts(stage, instruction);
  noteIsolation(stage, instruction);
  for (const { type, id = '' } of mounts) {
    if (type !== 'secret') continue;
    const how = `apptainer build --bind FILE:${secretFile(id)}`;
    warn(stage, instruction, 'secret-mount', `the command uses the secret ${showWord(id)}, to be given with ${how}`);
  }
  const { form, argv, script } = readRun(stage, instruction);
  if (argv.length === 0) throw refuse(instruction, 'syntax', 'needs a command');
  checkProgram(stage, instruction, argv);
  const { line, text } = instruction;
  stage.steps.push({
    kind: 'run',
    line,
    instruction: text,
    form,
    argv,
    cwd: stage.workdir,
    user: stage.user,
    ...(mounts.length > 0 ? { mounts } : {}),
    ...(script ? { script } : {}),
  });
}

/** CMD: the last one of a stage counts. */
export function convertCmd(stage: Stage, instruction: Instruction): void {
  stage.cmd = readCommand(stage, instruction).argv;
  stage.cmdLine = instruction.line;
  stage.hasOwnCmd = true;
}

/** A CMD of the base does not go with an ENTRYPOINT of this stage. */
export function convertEntrypoint(stage: Stage, instruction: Instruction): void {
  const { argv } = readCommand(stage, instruction);
  checkProgram(stage, instruction, argv);
  stage.entrypoint = argv;
  if (!stage.hasOwnCmd) stage.cmd = null;
}

/** SHELL: what the shell forms of the following instructions are given to. */
export function convertShell(stage: Stage, instruction: Instruction): void {
  const words = readStringArray(instruction);
  if (!words) throw refuse(instruction, 'syntax', 'needs a JSON array', 'write SHELL ["/bin/bash", "-c"]');
  if (words.length === 0) throw refuse(instruction, 'syntax', 'the array is empty');
  if (/powershell|pwsh|cmd(\.exe)?$/i.test(words[0] as string)) {
    obstruct(stage, instruction, 'windows', 'Windows images cannot be converted', 'use a Linux image');
  }
  stage.shell = words;
}

/**
 * The argument list of a command. Text in brackets that is not JSON is a command for the shell, as in Docker; JSON with anything
 * but strings is an error, as there.
 */
function readCommand(stage: Stage, instruction: Instruction): { form: 'shell' | 'exec'; argv: string[] } {
  const { args } = instruction;
  if (args === '') throw refuse(instruction, 'syntax', 'needs a command');
  const words = readStringArray(instruction);
  return words ? { form: 'exec', argv: words } : { form: 'shell', argv: [...stage.shell, args] };
}

/**
 * RUN with its here-documents: one that is all there is becomes the shell's text, or a program of its own if it begins with `#!`;
 * others are put back for the shell to read (moby/buildkit, frontend/dockerfile/dockerfile2llb/convert.go, dispatchRun).
 */
function readRun(stage: Stage, instruction: Instruction): Pick<RunStep, 'form' | 'argv' | 'script'> {
  const command = readCommand(stage, instruction);
  const [first] = instruction.heredocs;
  if (!first || command.form === 'exec') return command;
  const { shell } = stage;
  if (readHeredocWord(instruction.args) === undefined) {
    const texts = instruction.heredocs.map(({ text, name }) => `\n${text}${name}`);
    return { form: 'shell', argv: [...shell, instruction.args + texts.join('')] };
  }
  const text = chompTabs(first);
  if (!text.startsWith('#!')) return { form: 'shell', argv: [...shell, text] };
  const path = `/dev/pipes/${first.name}`;
  return { form: 'shell', argv: [...shell, path], script: { path, text } };
}

function noteIsolation(stage: Stage, instruction: Instruction): void {
  const network = flagValue(instruction, 'network');
  if (network !== undefined && !['none', 'host', 'default'].includes(network)) {
    throw refuse(instruction, 'syntax', `there is no network ${quote(network)}`, 'write none, host or default');
  }
  if (network === 'none') warn(stage, instruction, 'network', 'the command can reach the network while building');
  const security = flagValue(instruction, 'security');
  if (security !== undefined && security !== 'insecure' && security !== 'sandbox') {
    throw refuse(instruction, 'syntax', `there is no security mode ${quote(security)}`, 'write insecure or sandbox');
  }
  if (security === 'insecure') {
    warn(stage, instruction, 'security', 'the command has no more rights than apptainer build --fakeroot gives');
  }
  if (instruction.flags.some(({ name }) => name === 'device')) {
    obstruct(stage, instruction, 'device', 'devices are not passed to a build', 'do without --device');
  }
}

/** The shell's `exec` would take it for an option of its own instead of a program. */
function checkProgram(stage: Stage, instruction: Instruction, [program]: string[]): void {
  if (program !== '' && program?.startsWith('-') !== true) return;
  obstruct(
    stage,
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
