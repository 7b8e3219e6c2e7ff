import { buildLines } from './alone-lines.ts';
import type { BuildStage } from './build-stages.ts';
import type { ContextManifest } from './context-manifest.ts';
import { copyFunctions } from './copy-functions.ts';
import { type CopyLayout, layOutStage, mountCopies } from './copy-layout.ts';
import { copyLines, handOverLines, sourceLines } from './copy-lines.ts';
import { quoteWord, quoteWords } from './definition-quote.ts';
import { exportLine, findSavedNames, saveLines } from './export-lines.ts';
import { hostFunction } from './host-programs.ts';
import { ownImageName } from './image-reference.ts';
import { baseNames, decodeValue } from './plan-value.ts';
import { pruneFunctions } from './prune-functions.ts';
import type { PlanLabel, PlanStep, RecipePlan, RunStep } from './recipe-plan.ts';
import { mountFunctions } from './mount-functions.ts';
import { runLines } from './run-lines.ts';
import { stepComment } from './step-comment.ts';
import { functionsFile, usedFunctions } from './used-functions.ts';
import { isRoot, userFunctions, userOf } from './user-functions.ts';

/** Part of the commands of `%post`; `isLast` says that nothing follows, not even a line of our own. */
type Part = (isLast: boolean) => string[];

/** Where our own commands are found although the recipe gave PATH a value without the base's directories. */
const ownPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ';

export interface PostInput {
  plan: RecipePlan;
  stage: BuildStage;
  /** All stages of the definition. */
  stages: readonly BuildStage[];
  manifest: ContextManifest;
  overlays: readonly { name: string; version: number; commands: readonly string[] }[];
  labels: readonly PlanLabel[];
  /** Keep the base's runscript under this name. */
  savedRunscript: string | undefined;
  /** See `DefinitionInput`. */
  alone: boolean;
}

export interface PostLines {
  lines: string[];
  /** The functions that the lines call; `%setup` puts them at their place. */
  functions: string[];
}

/**
 * The lines of `%post`, which Apptainer gives to one `/bin/sh -ex` in `/`. Nothing of a RUN survives it but files: each is a
 * process of its own, unless a plain line is exactly the same. ENV and ARG are this shell's exported variables.
 */
export function postLines(input: PostInput): PostLines {
  const { plan, stage, stages, manifest, overlays, labels, savedRunscript, alone } = input;
  if (stage.bare) return { lines: [], functions: [] };
  const layouts = layOutStage(stage, manifest);
  const asked = copiesFrom(stages, stage, manifest);
  const prepared = asked.filter(({ layout }) => layout.prepared);
  const handedOver = asked.filter(({ layout }) => layout.linked);
  const prefix = assignments(stage.steps.map(({ step }) => step)).some(({ name }) => name === 'PATH') ? ownPath : '';
  const volumes = stage.isLast ? (plan.inert?.volumes ?? []).filter((path) => path.startsWith('/')) : [];
  const parts: Part[] = [
    ...overlays.map(({ name, version, commands }): Part => (isLast) => [
      `# Overlay ${name}, version ${version}`,
      ...commands.flatMap((command, index) =>
        runLines(overlayStep(command), '', isLast && index === commands.length - 1),
      ),
    ]),
    ...stepParts(stage, layouts),
    () => (volumes.length > 0 ? ['# VOLUME', `${prefix}mkdir -p ${quoteWords(volumes)}`] : []),
    () =>
      prepared.flatMap(({ step, layout }) => [
        `${stepComment(step, true)}, for the stage that has no shell`,
        `mkdir -p ${layout.folder}`,
        ...sourceLines(step, layout),
      ]),
    () =>
      handedOver.flatMap(({ step, layout }) => [
        `${stepComment(step, true)}, with capabilities`,
        ...handOverLines(layout),
      ]),
  ];
  // Whether something follows the last step is known only when it is: functions have to be removed again.
  const steps = (following: string[]): string[] => {
    const pieces = following.length > 0 ? [following] : [];
    for (const part of parts.toReversed()) {
      const lines = part(pieces.length === 0);
      if (lines.length > 0) pieces.push(lines);
    }
    return pieces.toReversed().flat();
  };
  const functions = usedFunctions(
    [hostFunction, userFunctions, copyFunctions, pruneFunctions, mountFunctions],
    steps([]),
  );
  const lines = steps(cleanUp(stage, layouts, prepared.length > 0 || functions.length > 0, prefix));
  const all = [
    ...buildLines(stage, layouts, prepared.length > 0, alone),
    ...saveLines(findSavedNames(assignments(stage.steps.map(({ step }) => step)))),
    ...(functions.length > 0 ? ['# The functions that %setup has written', `. ${functionsFile}`] : []),
    ...(labels.length > 0 ? ['# LABEL, also over those of the base image'] : []),
    ...labels.map(({ name, value }) => `printf '%s\\n' ${quoteWord(`${name} ${value}`)} >>"$SINGULARITY_LABELS"`),
    ...(savedRunscript === undefined
      ? []
      : ["# The base image's ENTRYPOINT, for %runscript", saveRunscript(savedRunscript, stage.base.reference)]),
    ...lines,
  ];
  return { lines: all, functions };
}

/** In an image of ours that sets only CMD too, the ENTRYPOINT that holds has been saved already. */
function saveRunscript(file: string, reference: string): string {
  const save = `cp -p /.singularity.d/runscript ${file}`;
  if (ownImageName(reference) === undefined) return save;
  return `case $(cat /.singularity.d/runscript) in *'exec ${file} '*) ;; *) ${save} ;; esac`;
}

/** What other stages copy from this one. */
function copiesFrom(stages: readonly BuildStage[], source: BuildStage, manifest: ContextManifest) {
  return stages.flatMap((stage) => {
    const layouts = layOutStage(stage, manifest);
    return stage.steps.flatMap(({ key, step }) => {
      const copies = step.kind === 'run' ? mountCopies(key, step) : step.kind === 'copy' ? [{ key, step }] : [];
      return copies.flatMap((copy) => {
        const layout = layouts.get(copy.key);
        return layout?.kind === 'source' && layout.from === source.name ? [{ step: copy.step, layout }] : [];
      });
    });
  });
}

function stepParts(stage: BuildStage, layouts: ReadonlyMap<string, CopyLayout>): Part[] {
  const saved = findSavedNames(assignments(stage.steps.map(({ step }) => step)));
  let prefix = '';
  return stage.steps.map(({ key, step }): Part => {
    const prefixHere = prefix;
    if (step.kind === 'run') {
      const mounts = mountCopies(key, step).flatMap((mount) => {
        const layout = layouts.get(mount.key);
        return layout ? copyLines(mount.step, layout, prefixHere) : [];
      });
      const comment = stepComment(step);
      return (isLast) => [comment, ...mounts, ...runLines(step, key, isLast, prefixHere)];
    }
    if (step.kind === 'env' || step.kind === 'arg') {
      const path = step.variables.findLast(({ name }) => name === 'PATH');
      if (path) prefix = baseNames(decodeValue(path.value)).includes('PATH') ? '' : ownPath;
      const keepHome = step.variables.some(({ name }) => name === 'HOME') ? ['ctmgr_keep_home=1'] : [];
      return () => noted(step, [...step.variables.map((variable) => exportLine(variable, saved)), ...keepHome]);
    }
    if (step.kind === 'workdir') return () => noted(step, workdirLines(step.path, step.user, prefixHere));
    const layout = layouts.get(key);
    return () => (step.kind === 'copy' && layout ? noted(step, copyLines(step, layout, prefixHere), true) : []);
  });
}

/** A step that has become nothing needs no comment. */
function noted(step: PlanStep, lines: string[], whole = false): string[] {
  return lines.length === 0 ? [] : [stepComment(step, whole), ...lines];
}

function assignments(steps: readonly PlanStep[]) {
  return steps.flatMap((step) => (step.kind === 'env' || step.kind === 'arg' ? step.variables : []));
}

function overlayStep(command: string): RunStep {
  const argv = ['/bin/sh', '-c', command];
  return { kind: 'run', line: 0, instruction: command, form: 'shell', argv, cwd: '/', user: '' };
}

function workdirLines(path: string, user: string, prefix: string): string[] {
  if (path === '/') return [];
  if (isRoot(user)) return [`${prefix}mkdir -p ${quoteWord(path)}`];
  const names = path.split('/').slice(1);
  const folders = names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
  return [`ctmgr_mkdir ${quoteWords([userOf(user), ...folders])}`];
}

/** Nothing of ours stays in the image; what a secret's file is bound to cannot be removed before. */
function cleanUp(
  { steps }: BuildStage,
  layouts: ReadonlyMap<string, CopyLayout>,
  prepares: boolean,
  prefix: string,
): string[] {
  const runs = steps.flatMap(({ step }) => (step.kind === 'run' ? [step] : []));
  const mounts = runs.flatMap((step) => step.mounts ?? []);
  const hasOwn =
    prepares ||
    [...layouts.values()].some((layout) => layout.kind !== 'files') ||
    mounts.length > 0 ||
    runs.some(({ script }) => script);
  const secrets = mounts.some(({ type }) => type === 'secret')
    ? [`for ctmgr_file in /.ctmgr/secrets/*; do ${prefix}umount "$ctmgr_file" 2>/dev/null || :; done`]
    : [];
  return hasOwn ? [...secrets, `${prefix}rm -rf /.ctmgr`] : [];
}
