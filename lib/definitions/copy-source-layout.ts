import { posix } from 'node:path';
import { type BuildStage, stageTitle } from './build-stages.ts';
import { isPattern } from './match-glob.ts';
import { shellName, shellPattern } from './prune-functions.ts';
import type { CopyStep, StepSourceImage } from './recipe-plan.ts';

/** Files of another stage or image. */
export interface SourceLayout {
  kind: 'source';
  /** The stage, as `%files from` names it. */
  from: string;
  /**
   * In a stage without a shell the other stage lays out the files as they are to be, in a tree of its own that `%files from`
   * copies as a whole; otherwise they are copied as they are, and put at their place when it is their turn.
   */
  prepared: boolean;
  /** The tree, or the folder that has the files one by one. */
  folder: string;
  /** The other stage hands over links to the files, as `%files` drops capabilities of a single file. */
  linked: boolean;
  files: SourceFile[];
  /** What is left out, see `prune-functions.ts`. */
  skip: string[];
}

export interface SourceFile {
  /** Absolute: a path in the other stage, with patterns below it. */
  path: string;
  /** One for each component below `path`, as a shell's `case` takes them; empty if there is no pattern. */
  patterns: string[];
  /** The last component, for a destination that is a directory. */
  name: string;
  /** With `--parents`: the only paths below it that are copied, see `prune-functions.ts`. */
  keep?: string;
}

/** Where the files of `COPY --from` and of bind mounts come from and wait. */
export function layOutSource(key: string, step: CopyStep, from: StepSourceImage, stage: BuildStage): SourceLayout {
  const title = stageTitle(from);
  const files = step.sources.map((source) => readSource(source, step.parents === true));
  return {
    kind: 'source',
    from: title,
    prepared: stage.bare,
    folder: stage.bare ? `/.ctmgr-out/${key}` : `/.ctmgr/from-${key}`,
    linked:
      !stage.bare &&
      stage.capable.has(title) &&
      files.every(({ path, patterns }) => path !== '/' && patterns.length === 0),
    files,
    skip: (step.exclude ?? []).flatMap((pattern) => shellPattern(pattern) ?? []),
  };
}

/** Where a stage hands over links to what another one copies, see `SourceLayout.linked`. */
export function handOverFolder({ folder }: SourceLayout): string {
  return folder.replace('/.ctmgr/from-', '/.ctmgr-out/');
}

function readSource(source: string, parents: boolean): SourceFile {
  const pivot = parents ? source.indexOf('/./') : -1;
  const keep = parents ? shellPattern(pivot < 0 ? source : source.slice(pivot + 3)) : undefined;
  if (keep !== undefined) return { ...readSource(pivot < 0 ? '/' : `/${source.slice(0, pivot)}`, false), keep };
  const path = posix.resolve('/', source);
  const names = path.split('/').slice(1);
  const first = names.findIndex((name) => isPattern(name));
  if (first < 0) return { path: unescape(path), patterns: [], name: unescape(posix.basename(path)) };
  return {
    path: `/${names.slice(0, first).map(unescape).join('/')}`,
    patterns: names.slice(first).map(shellName),
    name: '',
  };
}

function unescape(name: string): string {
  return name.replace(/\\(.)/gs, '$1');
}
