import { posix } from 'node:path';
import { CtmgrError } from '../util/errors.ts';
import { compareText } from './context-entries.ts';
import type { ContextEntry, ContextManifest } from './context-manifest.ts';
import { compileIgnore } from './ignore-patterns.ts';
import type { CopyStep } from './recipe-plan.ts';
import { showWord } from './refusal.ts';
import { linkTarget, mostLinks } from './follow-link.ts';
import { hasGlob, matchesSource, readSourcePattern, type SourcePattern } from './source-pattern.ts';

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
        { hint: 'copy one of them elsewhere, or leave it out with .dockerignore or --exclude' },
      );
    }
    members.set(path, { entry, path, top });
  };
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  for (const source of step.sources) {
    const pattern = followPattern(readSourcePattern(source, step.parents), step, byPath);
    const tops =
      pattern.components.length === 0
        ? ['']
        : entries.map(({ path }) => path).filter((path) => matchesSource(pattern, path));
    const kept = (path: string): string => (pattern.pivot === '' ? path : path.slice(pattern.pivot.length + 1));
    for (const name of tops) {
      const top = step.parents ? name : follow(name, byPath);
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
          step.parents ? kept(top) : posix.basename(name),
          true,
          step.parents ? kept(top) : posix.basename(name),
        );
      }
      if (isFile) continue;
      const prefix = top === '' ? '' : `${top}/`;
      for (const below of entries) {
        if (!below.path.startsWith(prefix) || below.path === top) continue;
        const inside = below.path.slice(prefix.length);
        const path = step.parents ? kept(below.path) : inside;
        add(below, path, false, path);
      }
    }
  }
  return [...members.values()].toSorted((a, b) => compareText(a.path, b.path));
}

/** The pattern without the links that it names before its last component; `--parents` follows none. */
function followPattern(
  pattern: SourcePattern,
  step: CopyStep,
  byPath: ReadonlyMap<string, ContextEntry>,
): SourcePattern {
  const first = pattern.components.findIndex(({ matches }) => matches !== undefined);
  const count = (first < 0 ? pattern.components.length : first) - (first < 0 ? 1 : 0);
  if (step.parents || count < 1) return pattern;
  const folder = pattern.components.slice(0, count).map(({ text }) => text);
  const literal = follow(folder.join('/'), byPath).split('/');
  const components = literal.map((text) => ({ text, matches: undefined, many: false }));
  return {
    ...pattern,
    components: [...components.filter(({ text }) => text !== ''), ...pattern.components.slice(count)],
  };
}

/** The path that is meant, with all links in it followed; what leads nowhere stays. */
function follow(path: string, byPath: ReadonlyMap<string, ContextEntry>, links = 0): string {
  let real = '';
  const names = path.split('/').filter((name) => name !== '');
  for (const [index, name] of names.entries()) {
    real = real === '' ? name : `${real}/${name}`;
    const entry = byPath.get(real);
    if (entry?.type !== 'symlink') continue;
    const target = linkTarget(real, entry.target);
    if (target === undefined || links >= mostLinks) return path;
    return follow([target, ...names.slice(index + 1)].join('/'), byPath, links + 1);
  }
  return real;
}

/** True for a step whose sources are patterns that nothing in the build context matches: it leaves the image as it is. */
export function matchesNothing(step: CopyStep, { entries }: ContextManifest): boolean {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  return step.sources.every((source) => {
    const pattern = followPattern(readSourcePattern(source, step.parents), step, byPath);
    return hasGlob(pattern) && !entries.some(({ path }) => matchesSource(pattern, path));
  });
}

/** `a/b` and `a` for `a/b/c`. */
function parentsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
