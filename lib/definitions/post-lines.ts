import type { ContextManifest } from './context-manifest.ts';
import { type ArchiveLayout, type CopyLayout, layOutCopies } from './copy-layout.ts';
import { quoteWord, quoteWords } from './definition-quote.ts';
import { exportLine, findSavedNames, saveLines } from './export-lines.ts';
import { plainKind, tidyBlanks } from './plain-command.ts';
import { baseNames, decodeValue } from './plan-value.ts';
import type { PlanLabel, PlanStep, RecipePlan, RunStep } from './recipe-plan.ts';
import { isRoot, userFunctions } from './user-functions.ts';

/** Part of the commands of `%post`; `isLast` says that nothing follows, not even a line of our own. */
type Part = (isLast: boolean) => string[];

/** Where our own commands are found although the recipe gave PATH a value without the base's directories. */
const ownPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ';

export interface PostInput {
  plan: RecipePlan;
  manifest: ContextManifest;
  overlayCommands: readonly string[];
  labels: readonly PlanLabel[];
  /** Keep the base's runscript under this name. */
  savedRunscript: string | undefined;
}

/**
 * The lines of `%post`, which Apptainer gives to one `/bin/sh -ex` in `/`. Nothing of a RUN survives it but files: each is a
 * process of its own, unless a plain line is exactly the same. ENV and ARG are this shell's exported variables.
 */
export function postLines({ plan, manifest, overlayCommands, labels, savedRunscript }: PostInput): string[] {
  const layouts = layOutCopies(plan, manifest);
  const parts: Part[] = [
    () => prologue(plan),
    () => labels.map(({ name, value }) => `printf '%s\\n' ${quoteWord(`${name} ${value}`)} >>"$SINGULARITY_LABELS"`),
    () => (savedRunscript === undefined ? [] : [`cp -p /.singularity.d/runscript ${savedRunscript}`]),
    ...overlayCommands.map(
      (command): Part =>
        (isLast) =>
          runLines(overlayStep(command), isLast),
    ),
    ...stepParts(plan, layouts),
    () => ([...layouts.values()].some(({ kind }) => kind === 'archive') ? [`${ownPath}rm -rf /.ctmgr`] : []),
  ];
  const lines: string[] = [];
  for (const part of parts.toReversed()) lines.unshift(...part(lines.length === 0));
  return lines;
}

/** What has to stand before everything else. */
function prologue(plan: RecipePlan): string[] {
  const saved = findSavedNames(assignments(plan.steps));
  const needsUser = plan.steps.some((step) => (step.kind === 'run' || step.kind === 'workdir') && !isRoot(step.user));
  return [...saveLines(saved), ...(needsUser ? [userFunctions] : [])];
}

function stepParts(plan: RecipePlan, layouts: ReadonlyMap<number, CopyLayout>): Part[] {
  const saved = findSavedNames(assignments(plan.steps));
  let prefix = '';
  return plan.steps.map((step, position): Part => {
    if (step.kind === 'run') return (isLast) => runLines(step, isLast);
    if (step.kind === 'env' || step.kind === 'arg') {
      const path = step.variables.findLast(({ name }) => name === 'PATH');
      if (path) prefix = baseNames(decodeValue(path.value)).includes('PATH') ? '' : ownPath;
      const keepHome = step.variables.some(({ name }) => name === 'HOME') ? ['ctmgr_keep_home=1'] : [];
      return () => [...step.variables.map((variable) => exportLine(variable, saved)), ...keepHome];
    }
    const prefixHere = prefix;
    if (step.kind === 'workdir') return () => workdirLines(step.path, step.user, prefixHere);
    const layout = layouts.get(position);
    return () => (layout?.kind === 'archive' ? unpackLines(layout, prefixHere) : []);
  });
}

function assignments(steps: readonly PlanStep[]) {
  return steps.flatMap((step) => (step.kind === 'env' || step.kind === 'arg' ? step.variables : []));
}

function overlayStep(command: string): RunStep {
  const argv = ['/bin/sh', '-c', command];
  return { kind: 'run', line: 0, instruction: command, form: 'shell', argv, cwd: '/', user: '' };
}

function runLines({ form, argv, cwd, user }: RunStep, isLast: boolean): string[] {
  if (!isRoot(user)) return [`ctmgr_as ${quoteWords([user, cwd, ...argv])}`];
  if (form === 'shell' && cwd === '/') {
    const text = (argv.at(-1) as string).trim();
    const kind = argv.slice(0, -1).join('\0') === '/bin/sh\0-c' ? plainKind(text) : undefined;
    return [kind === 'simple' || (kind === 'list' && isLast) ? tidyBlanks(text) : quoteWords(argv)];
  }
  return [`( cd ${quoteWord(cwd)} && exec ${quoteWords(argv)} )`];
}

function workdirLines(path: string, user: string, prefix: string): string[] {
  if (path === '/') return [];
  if (isRoot(user)) return [`${prefix}mkdir -p ${quoteWord(path)}`];
  const names = path.split('/').slice(1);
  return [`ctmgr_mkdir ${quoteWords([user, ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)])}`];
}

/**
 * Docker's rules for destinations: a directory, or a file name unless a directory is there. An existing link to a directory is
 * kept, which only GNU tar has to be told; an existing file or link to one is replaced.
 */
function unpackLines({ archive, destination, single }: ArchiveLayout, prefix: string): string[] {
  const keepLinks = '$(tar --keep-directory-symlink --version >/dev/null 2>&1 && echo --keep-directory-symlink)';
  const unpack = (folder: string) =>
    `( ${prefix === '' ? '' : `${prefix.trim()}; `}exec tar -x -o -p -f /${archive} -C ${quoteWord(folder)} ${keepLinks} )`;
  if (single === undefined) return [`${prefix}mkdir -p ${quoteWord(destination)}`, unpack(destination)];
  const folder = `/${archive.replace(/\.tar$/, '')}`;
  const parent = destination.replace(/\/[^/]*$/, '') || '/';
  return [
    `${prefix}mkdir -p ${folder} ${quoteWord(parent)}`,
    unpack(folder),
    `${prefix}mv -f ${quoteWord(`${folder}/${single}`)} ${quoteWord(destination)}`,
  ];
}
