import type { BuildStage } from './build-stages.ts';
import type { ContextManifest } from './context-manifest.ts';
import { type CopyLayout, layOutStage, mountCopies, remotePlace } from './copy-layout.ts';
import { handOverFolder } from './copy-source-layout.ts';
import { quoteWord } from './definition-quote.ts';
import { gitFunction, gitLine } from './git-lines.ts';
import { hostProgramLines } from './host-programs.ts';
import type { CopyStep } from './recipe-plan.ts';
import { secretFile } from './run-lines.ts';
import { stepComment } from './step-comment.ts';
import { functionsFile } from './used-functions.ts';

/** The lines of one `%files` section. */
export interface FileSection {
  /** The stage that they come from; empty: the build context. */
  from: string;
  lines: string[];
}

/** All that Apptainer copies into a stage before `%post`, a section for each source; `%files from` comes first in Apptainer too. */
export function fileSections(stage: BuildStage, manifest: ContextManifest): FileSection[] {
  const sections = new Map<string, Set<string>>();
  const comments = stepComments(stage);
  for (const [key, layout] of layOutStage(stage, manifest)) {
    const from = layout.kind === 'source' ? layout.from : '';
    const section = sections.get(from) ?? new Set();
    const missing = layoutLines(layout).filter((line) => !section.has(line));
    if (missing.length === 0) continue;
    const comment = comments.get(key);
    if (comment !== undefined) section.add(comment);
    for (const line of missing) section.add(line);
    sections.set(from, section);
  }
  const own = sections.get('');
  sections.delete('');
  const list = [...sections].map(([from, lines]) => ({ from, lines: [...lines] }));
  return own ? [...list, { from: '', lines: [...own] }] : list;
}

function layoutLines(layout: CopyLayout): string[] {
  switch (layout.kind) {
    case 'files':
      return layout.files.map(({ source, destination }) => `${source} ${destination}`);
    case 'archive':
      return [`${layout.archive} /${layout.archive}`];
    case 'source':
      if (layout.prepared) return [`${layout.folder}/ /`];
      if (layout.linked) return [`${handOverFolder(layout)}/ ${layout.folder}`];
      return layout.files.map(({ path }, index) => `${quoteFile(path)} ${layout.folder}/${index}`);
    default:
      return [];
  }
}

/** What a reader is told about each layout, by its key. */
function stepComments({ steps }: BuildStage): Map<string, string> {
  const comments = new Map<string, string>();
  for (const { key, step } of steps) {
    comments.set(key, stepComment(step));
    if (step.kind === 'run') for (const mount of mountCopies(key, step)) comments.set(mount.key, stepComment(step));
  }
  return comments;
}

/**
 * A path as one word of `%files`: Apptainer takes off double quotes, and expands what its shell would unless it is escaped
 * (apptainer/apptainer, pkg/build/types/parser/deffile.go and internal/pkg/build/files/copy.go).
 */
function quoteFile(path: string): string {
  if (/^[A-Za-z0-9_.+@:,=/-]+$/.test(path)) return path;
  return `"${path.replace(/[$`*?[\]{}\\]/g, String.raw`\$&`)}"`;
}

/** False for names that `%files` cannot carry. */
export function isFileWord(path: string): boolean {
  return !/['"\n\r\p{Cc}]|\{\{/u.test(path);
}

/**
 * The lines of `%setup`, which run on the build node before anything is in the image: what ADD fetches, checked if there is a sum,
 * empty files that secrets can be bound to, and the functions of `%post`.
 */
export function setupLines(stage: BuildStage, functions: readonly string[]): string[] {
  const lines: string[] = [];
  if (stage.steps.some(({ step }) => step.kind === 'copy' && step.remote === 'git')) lines.push(gitFunction);
  if (functions.length > 0) {
    lines.push(`cat >"$SINGULARITY_ROOTFS${functionsFile}" <<'END'\n${functions.join('\n')}\nEND`);
    lines.push(...hostProgramLines(functions));
  }
  for (const { key, step } of stage.steps) {
    if (step.kind === 'run') {
      for (const { type, id = '' } of step.mounts ?? []) {
        if (type === 'secret') lines.push(`: >"$SINGULARITY_ROOTFS${secretFile(id)}"`);
      }
    }
    if (step.kind !== 'copy' || step.remote === undefined) continue;
    lines.push(
      stepComment(step),
      ...(step.remote === 'git' ? [gitLine(step, remotePlace(key))] : fetchLines(step, key)),
    );
  }
  const secrets = lines.some((line) => line.startsWith(': >'));
  const folder = `mkdir -p "$SINGULARITY_ROOTFS/.ctmgr${secrets ? '/secrets' : ''}"`;
  return lines.length > 0 ? [folder, ...new Set(lines)] : [];
}

function fetchLines({ sources: [url = ''], checksum = '' }: CopyStep, key: string): string[] {
  const file = `$SINGULARITY_ROOTFS${remotePlace(key)}`;
  const [algorithm, sum] = checksum.split(':');
  return [
    `curl --fail --silent --show-error --location --retry 3 --remote-time --output "${file}" -- ${quoteWord(url)}`,
    ...(sum === undefined ? [] : [`echo "${sum}  ${file}" | ${algorithm}sum -c -`]),
  ];
}
