import type { Config } from '../config/schema.ts';
import { compileGlob, isPattern } from '../definitions/match-glob.ts';

/** The names of the gates that the configuration puts in front of the images of a name, sorted. */
export function gatesFor({ gates }: Config, name: string): string[] {
  const covers = (pattern: string): boolean =>
    isPattern(pattern) ? (compileGlob(pattern)?.(name) ?? false) : pattern === name;
  return Object.entries(gates)
    .filter(([, { images }]) => images.some(covers))
    .map(([gate]) => gate)
    .sort();
}
