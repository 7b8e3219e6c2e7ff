import { posix } from 'node:path';
import { stageTitle } from './build-stages.ts';
import { isPattern } from './match-glob.ts';
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
  files: SourceFile[];
}

export interface SourceFile {
  /** Absolute: a path in the other stage, with patterns below it. */
  path: string;
  /** One for each component below `path`, as a shell's `case` takes them; empty if there is no pattern. */
  patterns: string[];
  /** The last component, for a destination that is a directory. */
  name: string;
}

/** Where the files of `COPY --from` and of bind mounts come from and wait. */
export function layOutSource(key: string, step: CopyStep, from: StepSourceImage, bare: boolean): SourceLayout {
  return {
    kind: 'source',
    from: stageTitle(from),
    prepared: bare,
    folder: bare ? `/.ctmgr-out/${key}` : `/.ctmgr/from-${key}`,
    files: step.sources.map(readSource),
  };
}

function readSource(source: string): SourceFile {
  const path = posix.resolve('/', source);
  const names = path.split('/').slice(1);
  const first = names.findIndex((name) => isPattern(name));
  if (first < 0) return { path: unescape(path), patterns: [], name: unescape(posix.basename(path)) };
  return {
    path: `/${names.slice(0, first).map(unescape).join('/')}`,
    patterns: names.slice(first).map((name) => name.replaceAll('[^', '[!')),
    name: '',
  };
}

function unescape(name: string): string {
  return name.replace(/\\(.)/gs, '$1');
}
