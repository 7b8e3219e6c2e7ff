import type { BuildStage } from './build-stages.ts';
import type { ContextManifest } from './context-manifest.ts';
import { layOutStage } from './copy-layout.ts';
import { quoteWord } from './definition-quote.ts';
import { secretFile } from './run-lines.ts';

/** The lines of one `%files` section. */
export interface FileSection {
  /** The stage that they come from; empty: the build context. */
  from: string;
  lines: string[];
}

/** All that Apptainer copies into a stage before `%post`, a section for each source; `%files from` comes first in Apptainer too. */
export function fileSections(stage: BuildStage, manifest: ContextManifest): FileSection[] {
  const sections = new Map<string, Set<string>>();
  const add = (from: string, line: string) => {
    sections.set(from, (sections.get(from) ?? new Set()).add(line));
  };
  for (const layout of layOutStage(stage, manifest).values()) {
    if (layout.kind === 'files') {
      for (const { source, destination } of layout.files) add('', `${source} ${destination}`);
    } else if (layout.kind === 'archive') add('', `${layout.archive} /${layout.archive}`);
    else if (layout.kind === 'source' && layout.prepared) add(layout.from, `${layout.folder}/ /`);
    else if (layout.kind === 'source') {
      for (const [index, { path }] of layout.files.entries()) {
        add(layout.from, `${quoteFile(path)} ${layout.folder}/${index}`);
      }
    }
  }
  const own = sections.get('');
  sections.delete('');
  const list = [...sections].map(([from, lines]) => ({ from, lines: [...lines] }));
  return own ? [...list, { from: '', lines: [...own] }] : list;
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
 * The lines of `%setup`, which run on the build node before anything is in the image: downloads of ADD, checked if there is a sum,
 * and empty files that secrets can be bound to.
 */
export function setupLines(stage: BuildStage): string[] {
  const lines: string[] = [];
  for (const { key, step } of stage.steps) {
    if (step.kind === 'run') {
      for (const { type, id = '' } of step.mounts ?? []) {
        if (type === 'secret') lines.push(`: >"$SINGULARITY_ROOTFS${secretFile(id)}"`);
      }
    }
    if (step.kind !== 'copy' || step.remote !== 'url') continue;
    const url = quoteWord(step.sources[0] as string);
    const file = `"$SINGULARITY_ROOTFS/.ctmgr/copy-${key}"`;
    lines.push(`curl --fail --silent --show-error --location --retry 3 --remote-time --output ${file} -- ${url}`);
    const [algorithm, sum] = (step.checksum ?? '').split(':');
    if (sum !== undefined) lines.push(`echo "${sum}  $SINGULARITY_ROOTFS/.ctmgr/copy-${key}" | ${algorithm}sum -c -`);
  }
  const secrets = lines.some((line) => line.startsWith(': >'));
  const folder = `mkdir -p "$SINGULARITY_ROOTFS/.ctmgr${secrets ? '/secrets' : ''}"`;
  return lines.length > 0 ? [folder, ...new Set(lines)] : [];
}
