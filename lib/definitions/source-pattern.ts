import { posix } from 'node:path';
import { compileGlob, isPattern } from './match-glob.ts';

/** One source of a COPY, component by component; no components mean the whole context. */
export interface SourcePattern {
  components: PatternComponent[];
  /** With `--parents`: the folder before `/./`, whose name is not kept; empty if all of them are. */
  pivot: string;
}

/** `**` with `--parents`: any number of components. */
interface PatternComponent {
  text: string;
  matches: ((name: string) => boolean) | undefined;
  many: boolean;
}

/** A source that points out of the context or is no pattern. */
export class SourceError extends Error {}

/** Reads a source as written; `parents` is for `COPY --parents`. Throws SourceError. */
export function readSourcePattern(source: string, parents = false): SourcePattern {
  const at = parents ? source.indexOf('/./') : -1;
  const pivot = splitPath(at < 0 ? '' : source.slice(0, at));
  const names = splitPath(source);
  if (names.includes('..')) throw new SourceError('lies outside the build context');
  if (pivot.some((name) => isPattern(name))) throw new SourceError('has a pattern before /./');
  const components = names.map((text) => {
    if (parents && text === '**') return { text, matches: () => true, many: true };
    if (!isPattern(text)) return { text: text.replace(/\\(.)/gs, '$1'), matches: undefined, many: false };
    const matches = compileGlob(text);
    if (!matches) throw new SourceError('is not a valid pattern');
    return { text, matches, many: false };
  });
  return { components, pivot: pivot.join('/') };
}

function splitPath(path: string): string[] {
  return posix
    .normalize(path.replace(/^\/+/, ''))
    .split('/')
    .filter((name) => name !== '' && name !== '.');
}

/** True if the path, relative to the context, is exactly what the pattern names. */
export function matchesSource({ components }: SourcePattern, path: string): boolean {
  return matchNames(components, path.split('/'));
}

/** Keeps the positions that the components so far can reach, so that no number of `**` is too many. */
function matchNames(components: readonly PatternComponent[], names: readonly string[]): boolean {
  let reached = new Set([0]);
  for (const { text, matches, many } of components) {
    const next = new Set<number>();
    for (const at of reached) {
      const name = names[at];
      if (many) for (let end = at; end <= names.length; end += 1) next.add(end);
      else if (name !== undefined && (matches ? matches(name) : name === text)) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(names.length);
}

/** True if a component has `*`, `?` or `[`, so that several names can match. */
export function hasGlob({ components }: SourcePattern): boolean {
  return components.some(({ matches }) => matches !== undefined);
}
