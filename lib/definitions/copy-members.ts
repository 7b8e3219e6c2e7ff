import { posix } from 'node:path';
import { CtmgrError } from '../util/errors.ts';
import { compareText } from './context-entries.ts';
import type { ContextEntry, ContextManifest } from './context-manifest.ts';
import { compileIgnore } from './ignore-patterns.ts';
import type { CopyStep } from './recipe-plan.ts';
import { showWord } from './refusal.ts';
import { hasGlob, matchesSource, readSourcePattern } from './source-pattern.ts';

/** One file, directory or link that a step copies from the build context. */
export interface Member {
  entry: ContextEntry;
  /** Relative to the destination directory. */
  path: string;
  /** A source itself, not something in a directory that is one. */
  top: boolean;
}

/**
 * What a step selects, in order of paths; a directory stands for its contents (with `--parents` for itself), and of two members
 * with one path the later one counts.
 */
export function findMembers(step: CopyStep, { entries }: ContextManifest): Member[] {
  const members = new Map<string, Member>();
  const excluded = compileIgnore(step.exclude ?? []);
  const add = (entry: ContextEntry, path: string, top: boolean, name: string) => {
    if (excluded(name)) return;
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
    const pattern = readSourcePattern(source, step.parents);
    const tops =
      pattern.components.length === 0
        ? ['']
        : entries.map(({ path }) => path).filter((path) => matchesSource(pattern, path));
    const kept = (path: string): string => (pattern.pivot === '' ? path : path.slice(pattern.pivot.length + 1));
    for (const top of tops) {
      const entry = byPath.get(top);
      if (step.parents)
        for (const parent of parentsOf(kept(top))) {
          const above = byPath.get(pattern.pivot === '' ? parent : `${pattern.pivot}/${parent}`);
          if (above) add(above, parent, false, parent);
        }
      const isFile = entry !== undefined && entry.type !== 'directory';
      if (entry && (isFile || step.parents)) {
        add(
          entry,
          step.parents ? kept(top) : posix.basename(top),
          true,
          step.parents ? kept(top) : posix.basename(top),
        );
      }
      if (isFile) continue;
      const prefix = top === '' ? '' : `${top}/`;
      for (const below of entries) {
        if (!below.path.startsWith(prefix) || below.path === top) continue;
        const inside = below.path.slice(prefix.length);
        add(below, step.parents ? kept(below.path) : inside, false, inside);
      }
    }
  }
  return [...members.values()].toSorted((a, b) => compareText(a.path, b.path));
}

/** True for a step whose sources are patterns that nothing in the build context matches: it leaves the image as it is. */
export function matchesNothing({ sources, parents }: CopyStep, { entries }: ContextManifest): boolean {
  return sources.every((source) => {
    const pattern = readSourcePattern(source, parents);
    return hasGlob(pattern) && !entries.some(({ path }) => matchesSource(pattern, path));
  });
}

/** `a/b` and `a` for `a/b/c`. */
function parentsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
