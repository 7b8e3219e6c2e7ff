import { convertFrom, convertGlobalArg } from './convert-base.ts';
import { convertCmd, convertEntrypoint, convertRun } from './convert-commands.ts';
import { convertCopy, convertUser, convertWorkdir } from './convert-files.ts';
import { convertArg, convertEnv, convertLabel, convertMaintainer, warn } from './convert-variables.ts';
import { listLabels, makeStage, refuse, type Stage } from './dockerfile-stage.ts';
import { type LogicalLine, readLogicalLines } from './logical-lines.ts';
import { encodeValue } from './plan-value.ts';
import { type Instruction, readInstruction } from './read-instructions.ts';
import type { RecipeBase, RecipePlan } from './recipe-plan.ts';
import { Refusal, type RefusalDetails, showWord, throwRefusals } from './refusal.ts';

export interface ParseOptions {
  /** Values for ARG, as `--build-arg NAME=VALUE` gives them. */
  buildArgs: Record<string, string>;
}

const converters: Record<string, (stage: Stage, instruction: Instruction) => void> = {
  ADD: convertCopy,
  ARG: convertArg,
  CMD: convertCmd,
  COPY: convertCopy,
  ENTRYPOINT: convertEntrypoint,
  ENV: convertEnv,
  EXPOSE: (stage, instruction) =>
    noteOnly(stage, instruction, 'expose', 'all ports of the host are open to the container'),
  LABEL: convertLabel,
  MAINTAINER: convertMaintainer,
  RUN: convertRun,
  STOPSIGNAL: (stage, instruction) => noteOnly(stage, instruction, 'stop-signal', 'Slurm sends its own signals'),
  USER: convertUser,
  WORKDIR: convertWorkdir,
};

const notYet: Record<string, string> = {
  HEALTHCHECK: 'remove it: nothing runs health checks in a job',
  ONBUILD: 'write the instruction itself',
  SHELL: 'write RUN ["/bin/bash", "-c", "…"] where that shell is needed',
  VOLUME: 'write RUN mkdir -p for the directory',
};

/**
 * Reads a Dockerfile as BuildKit does and resolves it.
 * Throws CtmgrError `badDefinition` that names every instruction, with its line, which is wrong or cannot be converted.
 */
export function parseDockerfile(text: string, options: ParseOptions): RecipePlan {
  const { lines, refusals } = readLogicalLines(text);
  const buildArgs = new Map(Object.entries(options.buildArgs));
  for (const [name, value] of buildArgs) {
    if (value.includes('\0'))
      refusals.push(wholeFile('bad-character', `--build-arg ${showWord(name)} holds a NUL character`));
  }
  const globalArgs = new Map<string, string>();
  const stage = makeStage(buildArgs, globalArgs);
  const bases: RecipeBase[] = [];
  for (const line of lines) {
    try {
      convertLine(line, stage, globalArgs, bases);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error.details);
    }
  }
  const [base] = bases;
  if (!base && refusals.length === 0) refusals.push(wholeFile('syntax', 'has no FROM', 'begin with FROM IMAGE'));
  throwRefusals(refusals.toSorted((a, b) => a.line - b.line));
  return makePlan(stage, base as RecipeBase);
}

function convertLine(line: LogicalLine, stage: Stage, globalArgs: Map<string, string>, bases: RecipeBase[]): void {
  const isFirstFrom = bases.length === 0 && /^FROM(\s|$)/i.test(line.text);
  if (isFirstFrom) bases.push(placeholderBase(line));
  const instruction = readInstruction(line);
  const { keyword } = instruction;
  if (keyword === 'FROM') {
    if (!isFirstFrom) {
      throw refuse(instruction, 'multi-stage', 'a second stage is not converted yet', 'split the file, one image each');
    }
    bases[0] = convertFrom(globalArgs, stage.buildArgs, instruction);
    return;
  }
  const convert = converters[keyword];
  const wayOut = notYet[keyword];
  if (wayOut !== undefined) throw refuse(instruction, 'not-converted', 'is not converted yet', wayOut);
  if (!convert) throw refuse(instruction, 'syntax', 'is not an instruction', 'check the spelling and the line before');
  if (bases.length > 0) convert(stage, instruction);
  else if (keyword === 'ARG') convertGlobalArg(globalArgs, stage.buildArgs, instruction);
  else throw refuse(instruction, 'syntax', 'stands before FROM', 'begin with FROM IMAGE');
}

/** Holds the place of a FROM that is refused, so that what follows is still read as its stage. */
function placeholderBase({ line }: LogicalLine): RecipeBase {
  return { kind: 'image', reference: '', line };
}

function noteOnly(stage: Stage, instruction: Instruction, code: string, message: string): void {
  if (instruction.args === '') throw refuse(instruction, 'syntax', 'needs an argument');
  warn(stage, instruction, code, `${showWord(instruction.text)} has no effect: ${message}`);
}

function wholeFile(code: string, reason: string, wayOut?: string): RefusalDetails {
  return { code, line: 0, instruction: '', reason, ...(wayOut === undefined ? {} : { wayOut }) };
}

function makePlan(stage: Stage, base: RecipeBase): RecipePlan {
  const warnings = [...stage.warnings];
  const { line } = base;
  if (stage.steps.some((step) => step.kind === 'run' || step.kind === 'workdir' || step.kind === 'copy')) {
    warnings.push({
      line,
      code: 'base-config-assumed',
      message: `${base.reference} is taken to have USER root and WORKDIR /`,
    });
  }
  if (!['', '0', 'root', '0:0', 'root:root'].includes(stage.user)) {
    const user = stage.steps.findLast((step) => step.kind === 'user');
    warnings.push({
      line: user?.line ?? line,
      code: 'user-at-run-time',
      message: `containers run as the user who starts them, not as ${stage.user}`,
    });
  }
  if (stage.cmd?.length === 0 && stage.entrypoint === null) {
    throwRefusals([
      wholeFile(
        'empty-cmd',
        'CMD [] without ENTRYPOINT would run the base image as nobody knows what',
        'add ENTRYPOINT or remove CMD []',
      ),
    ]);
  }
  return {
    base,
    steps: stage.steps,
    environment: [...stage.environment].map(([name, value]) => ({ name, value: encodeValue(value) })),
    labels: listLabels(stage.labels),
    entrypoint: stage.entrypoint,
    cmd: stage.cmd,
    workdir: stage.workdir,
    user: stage.user,
    warnings: warnings.toSorted((a, b) => a.line - b.line),
  };
}
