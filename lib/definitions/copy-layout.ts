import { posix } from 'node:path';
import { CtmgrError } from '../util/errors.ts';
import { compareText } from './context-entries.ts';
import type { ContextEntry, ContextManifest } from './context-manifest.ts';
import type { CopyStep, RecipePlan } from './recipe-plan.ts';
import { showWord } from './refusal.ts';
import { matchesSource, readSourcePattern } from './source-pattern.ts';

/** How one COPY step is written into the definition: as `%files` lines, or as an archive that `%post` unpacks at its place. */
export type CopyLayout = FilesLayout | ArchiveLayout;

export interface FilesLayout {
  kind: 'files';
  files: { source: string; destination: string }[];
}

export interface ArchiveLayout {
  kind: 'archive';
  /** The archive's path, relative to the build's working directory and below `/` in the image. */
  archive: string;
  /** Sorted, so that directories come before what is in them. */
  members: { entry: ContextEntry; path: string }[];
  /** A directory without `/` at the end, or, for a single file, where it goes unless a directory is there already. */
  destination: string;
  /** The name of the only member if the destination may be a file name. */
  single: string | undefined;
}

/** Lays out all COPY steps, by position in `plan.steps`. */
export function layOutCopies(plan: RecipePlan, manifest: ContextManifest): Map<number, CopyLayout> {
  const layouts = new Map<number, CopyLayout>();
  let plainSoFar = true;
  const workdirs: string[] = [];
  for (const [position, step] of plan.steps.entries()) {
    if (step.kind === 'run') plainSoFar = false;
    if (step.kind === 'workdir') workdirs.push(step.path);
    if (step.kind !== 'copy') continue;
    const members = findMembers(step, manifest);
    const files: FilesLayout['files'] | undefined = plainSoFar ? plainFiles(step, members, workdirs) : undefined;
    plainSoFar &&= files !== undefined;
    layouts.set(position, files ? { kind: 'files', files } : archiveLayout(position, step, members));
  }
  return layouts;
}

interface Member {
  entry: ContextEntry;
  /** Relative to the destination directory. */
  path: string;
  /** A source itself, not something in a directory that is one. */
  top: boolean;
}

/** What a step selects; a directory stands for its contents, and of two members with one path the later one counts. */
function findMembers(step: CopyStep, { entries }: ContextManifest): Member[] {
  const members = new Map<string, Member>();
  const add = (entry: ContextEntry, path: string, top: boolean) => {
    const earlier = members.get(path);
    if (earlier && (earlier.entry.type === 'directory') !== (entry.type === 'directory')) {
      throw new CtmgrError(
        'badDefinition',
        `Dockerfile line ${step.line}: ${showWord(path)} would be both a file and a directory`,
      );
    }
    members.set(path, { entry, path, top });
  };
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  for (const source of step.sources) {
    const pattern = readSourcePattern(source);
    const tops =
      pattern.components.length === 0
        ? ['']
        : entries.map(({ path }) => path).filter((path) => matchesSource(pattern, path));
    for (const top of tops) {
      const entry = byPath.get(top);
      if (entry && entry.type !== 'directory') add(entry, posix.basename(top), true);
      else {
        const prefix = top === '' ? '' : `${top}/`;
        for (const below of entries) {
          if (below.path.startsWith(prefix) && below.path !== top) add(below, below.path.slice(prefix.length), false);
        }
      }
    }
  }
  return [...members.values()].toSorted((a, b) => compareText(a.path, b.path));
}

/** Words that `%files` takes literally and `cp` does not take for an option. */
const plainPath = /^\/?(?:[A-Za-z0-9_.+][A-Za-z0-9_.+@-]*\/)*[A-Za-z0-9_.+][A-Za-z0-9_.+@-]*$/;
/** Where the host's folders cover the image's while building, or links are usual that `cp` would write through. */
const notPlain =
  /^\/(?:(?:var\/)?tmp|dev|proc|sys|run|(?:usr\/)?(?:s?bin|lib(?:32|64|x32)?))(?:\/|$)|^\/etc\/(?:localtime|os-release|mtab)$/;

/** The `%files` lines that do exactly what the step does, undefined if there are none. */
function plainFiles(
  step: CopyStep,
  members: readonly Member[],
  workdirs: readonly string[],
): FilesLayout['files'] | undefined {
  const toDirectory = step.destination.endsWith('/');
  const files: FilesLayout['files'] = [];
  for (const { entry, path, top } of members) {
    const destination = toDirectory ? step.destination + path : step.destination;
    const plain =
      top &&
      entry.type === 'file' &&
      (entry.mode === 0o644 || entry.mode === 0o755) &&
      plainPath.test(entry.path) &&
      plainPath.test(destination) &&
      !notPlain.test(destination) &&
      workdirs.every((workdir) => !`${workdir}/`.startsWith(`${destination}/`));
    if (!plain) return undefined;
    files.push({ source: entry.path, destination });
  }
  return files.length > 0 ? files : undefined;
}

function archiveLayout(position: number, step: CopyStep, members: readonly Member[]): ArchiveLayout {
  const [only] = members;
  const single = members.length === 1 && only?.top && !step.destination.endsWith('/') ? only.path : undefined;
  return {
    kind: 'archive',
    archive: `.ctmgr/copy-${position}.tar`,
    members: members.map(({ entry, path }) => ({ entry, path })),
    destination: step.destination === '/' ? '/' : step.destination.replace(/\/$/, ''),
    single,
  };
}
