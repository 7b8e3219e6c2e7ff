import { posix } from 'node:path';
import { CtmgrError } from '../util/errors.ts';
import { type BuildStage, buildStages, type KeyedStep } from './build-stages.ts';
import type { ArchiveFormat, ContextEntry, ContextManifest } from './context-manifest.ts';
import { findMembers, matchesNothing, type Member } from './copy-members.ts';
import { layOutSource, type SourceLayout } from './copy-source-layout.ts';
import type { CopyStep, RecipePlan, RunStep } from './recipe-plan.ts';

/**
 * How a step's files get into a stage: as `%files` lines; as an archive that `%post` unpacks at its place; from another stage,
 * which see; as text in `%post`; fetched by `%setup`.
 */
export type CopyLayout = FilesLayout | ArchiveLayout | SourceLayout | InlineLayout | RemoteLayout;

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
  /** Members, by path, that are archives themselves and unpacked. */
  unpack: { path: string; format: ArchiveFormat }[];
}

export interface InlineLayout {
  kind: 'inline';
  /** Where the texts are written first. */
  folder: string;
}

export interface RemoteLayout {
  kind: 'download' | 'clone';
  /** Where `%setup` puts the file or the folder, below `/` in the image. */
  place: string;
}

/** Lays out what the steps of a stage copy, by key; bind mounts from elsewhere have the keys of `mountCopies`. */
export function layOutStage(stage: BuildStage, manifest: ContextManifest): Map<string, CopyLayout> {
  const layouts = new Map<string, CopyLayout>();
  let plainSoFar = true;
  const workdirs: string[] = [];
  for (const { key, step } of stage.steps) {
    if (step.kind === 'run') {
      plainSoFar = false;
      for (const mount of mountCopies(key, step))
        layouts.set(mount.key, layOut(mount.key, mount.step, stage, manifest));
    }
    if (step.kind === 'workdir') workdirs.push(step.path);
    if (step.kind !== 'copy') continue;
    const layout = layOut(key, step, stage, manifest, plainSoFar || stage.bare ? workdirs : undefined);
    plainSoFar &&= layout.kind === 'files';
    layouts.set(key, layout);
  }
  return layouts;
}

/** All layouts of a plan that need files of the build context. */
export function layOutContext(plan: RecipePlan, manifest: ContextManifest): (FilesLayout | ArchiveLayout)[] {
  const all = buildStages(plan).flatMap((stage) => [...layOutStage(stage, manifest).values()]);
  return all.filter((layout) => layout.kind === 'files' || layout.kind === 'archive');
}

/** The bind mounts of a RUN as steps that copy what is mounted to a place of our own. */
export function mountCopies(key: string, run: RunStep): { key: string; step: CopyStep; index: number }[] {
  return (run.mounts ?? []).flatMap(({ type, source, from }, index) => {
    if (type !== 'bind') return [];
    const { line, instruction } = run;
    const place = { kind: 'copy', line, instruction, add: false, destination: mountFolder(key, index) } as const;
    return [{ key: `${key}-${index}`, index, step: { ...place, sources: [source ?? '/'], ...(from ? { from } : {}) } }];
  });
}

/** Where what a URL or a repository gives waits for its step. */
export function remotePlace(key: string): string {
  return `/.ctmgr/copy-${key}`;
}

/** Where the content of a mount waits for its RUN. */
export function mountFolder(key: string, index: number): string {
  return `/.ctmgr/mount-${key}-${index}`;
}

function layOut(
  key: KeyedStep['key'],
  step: CopyStep,
  stage: BuildStage,
  manifest: ContextManifest,
  workdirs?: readonly string[],
): CopyLayout {
  if (step.from) return layOutSource(key, step, step.from, stage);
  if (step.inline) return { kind: 'inline', folder: `/.ctmgr/copy-${key}` };
  if (step.remote) return { kind: step.remote === 'git' ? 'clone' : 'download', place: remotePlace(key) };
  if (matchesNothing(step, manifest)) return { kind: 'files', files: [] };
  const members = findMembers(step, manifest);
  const files = workdirs ? plainFiles(step, members, workdirs, stage.bare) : undefined;
  if (files) return { kind: 'files', files };
  if (stage.bare) {
    throw new CtmgrError(
      'badDefinition',
      `Dockerfile line ${step.line}: the image has no shell, so only ordinary files can be copied into it`,
      { hint: 'collect the files in a stage with a shell, then COPY --from it' },
    );
  }
  return archiveLayout(key, step, members);
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
  bare: boolean,
): FilesLayout['files'] | undefined {
  if (step.chown !== undefined || step.chmod !== undefined || unpacked(step, members).length > 0) return undefined;
  const toDirectory = step.destination.endsWith('/');
  const files: FilesLayout['files'] = [];
  for (const { entry, path, top } of members) {
    if (bare && entry.type === 'directory' && entry.mode === 0o755) continue;
    const destination = toDirectory || !top ? posix.join(step.destination, path) : step.destination;
    const plain =
      (top || bare) &&
      entry.type === 'file' &&
      (entry.mode === 0o644 || entry.mode === 0o755) &&
      plainPath.test(entry.path) &&
      plainPath.test(destination) &&
      (bare || !notPlain.test(destination)) &&
      workdirs.every((workdir) => !`${workdir}/`.startsWith(`${destination}/`));
    if (!plain) return undefined;
    files.push({ source: entry.path, destination });
  }
  return files.length > 0 ? files : undefined;
}

function archiveLayout(key: string, step: CopyStep, members: readonly Member[]): ArchiveLayout {
  const [only] = members;
  const unpack = unpacked(step, members);
  const toFile = members.length === 1 && only?.top && !step.destination.endsWith('/') && unpack.length === 0;
  return {
    kind: 'archive',
    archive: `.ctmgr/copy-${key}.tar`,
    members: members.map(({ entry, path }) => ({ entry, path })),
    destination: step.destination === '/' ? '/' : step.destination.replace(/\/$/, ''),
    single: toFile ? only.path : undefined,
    unpack,
  };
}

function unpacked(step: CopyStep, members: readonly Member[]): ArchiveLayout['unpack'] {
  if (!step.add || step.unpack === false) return [];
  return members.flatMap(({ entry, path, top }) => {
    const format = top && entry.type === 'file' ? entry.archive : undefined;
    return format === undefined ? [] : [{ path, format }];
  });
}
