import { posix } from 'node:path';
import { compileGlob, isPattern } from './match-glob.ts';

/** One source of a COPY, component by component; no components mean the whole context. */
export interface SourcePattern {
  components: { text: string; matches: ((name: string) => boolean) | undefined }[];
}

/** A source that points out of the context or is no pattern. */
export class SourceError extends Error {}

/** Reads a source as written; throws SourceError. */
export function readSourcePattern(source: string): SourcePattern {
  const normal = posix.normalize(source.replace(/^\/+/, ''));
  const names = normal.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw new SourceError('lies outside the build context');
  return {
    components: names.map((text) => {
      if (!isPattern(text)) return { text, matches: undefined };
      const matches = compileGlob(text);
      if (!matches) throw new SourceError('is not a valid pattern');
      return { text, matches };
    }),
  };
}

/** True if the path, relative to the context, is exactly what the pattern names. */
export function matchesSource({ components }: SourcePattern, path: string): boolean {
  const names = path.split('/');
  return (
    names.length === components.length &&
    components.every(({ text, matches }, index) => {
      const name = names[index] as string;
      return matches ? matches(name) : name === text;
    })
  );
}

export function hasGlob({ components }: SourcePattern): boolean {
  return components.some(({ matches }) => matches !== undefined);
}
