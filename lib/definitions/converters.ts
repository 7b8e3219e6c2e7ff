import { convertCmd, convertEntrypoint, convertRun, convertShell } from './convert-commands.ts';
import { convertCopy, convertUser, convertWorkdir } from './convert-files.ts';
import {
  convertExpose,
  convertHealthcheck,
  convertOnbuild,
  convertStopSignal,
  convertVolume,
} from './convert-image-config.ts';
import { convertArg, convertEnv, convertLabel, convertMaintainer } from './convert-variables.ts';
import type { Stage } from './dockerfile-stage.ts';
import type { Instruction } from './read-instructions.ts';

/** What each instruction inside a stage does to it. */
export const converters: Record<string, (stage: Stage, instruction: Instruction) => void> = {
  ADD: convertCopy,
  ARG: convertArg,
  CMD: convertCmd,
  COPY: convertCopy,
  ENTRYPOINT: convertEntrypoint,
  ENV: convertEnv,
  EXPOSE: convertExpose,
  HEALTHCHECK: convertHealthcheck,
  LABEL: convertLabel,
  MAINTAINER: convertMaintainer,
  ONBUILD: convertOnbuild,
  RUN: convertRun,
  SHELL: convertShell,
  STOPSIGNAL: convertStopSignal,
  USER: convertUser,
  VOLUME: convertVolume,
  WORKDIR: convertWorkdir,
};
