import { quoteValue } from './definition-quote.ts';
import { baseNames, decodeValue } from './plan-value.ts';
import type { PlanVariable } from './recipe-plan.ts';

/** Base variables that are needed after the recipe has given the same name another value: name to the name of the copy. */
export type SavedNames = ReadonlyMap<string, string>;

/** Finds these for assignments in this order. */
export function findSavedNames(variables: readonly PlanVariable[]): SavedNames {
  const assigned = new Set<string>();
  const saved = new Map<string, string>();
  for (const { name, value } of variables) {
    for (const base of baseNames(decodeValue(value))) {
      if (assigned.has(base)) saved.set(base, `ctmgr_base_${base}`);
    }
    assigned.add(name);
  }
  return saved;
}

/** Keeps the base's values; goes before all assignments. */
export function saveLines(saved: SavedNames): string[] {
  return [...saved].map(([name, copy]) => `${copy}="\${${name}}"`);
}

/** The copies are no variables of the image. */
export function forgetLines(saved: SavedNames): string[] {
  return saved.size === 0 ? [] : [`unset ${[...saved.values()].join(' ')}`];
}

/** One variable as a line that sets and exports it. */
export function exportLine({ name, value }: PlanVariable, saved: SavedNames): string {
  return `export ${name}=${quoteValue(decodeValue(value), saved)}`;
}
