import { analyseCrossover, type Estimate, interval } from './crossover.ts';
import { mean, standardDeviation } from './describe.ts';
import type { LogPair } from './pair.ts';

/** The container effect of one allocation: on one set of nodes. */
export interface AllocationEffect {
  allocation: number;
  pairs: number;
  /** Undefined if only one sequence is left in it. */
  value: number | undefined;
}

/** The effect of each allocation by itself, in the order of their numbers. */
export function allocationEffects(pairs: readonly LogPair[]): AllocationEffect[] {
  const groups = [...Map.groupBy(pairs, ({ allocation }) => allocation)].sort(([a], [b]) => a - b);
  return groups.map(([allocation, members]) => ({ allocation, pairs: members.length, value: effectOf(members) }));
}

function effectOf(members: readonly LogPair[]): number | undefined {
  const means = (['bare-first', 'container-first'] as const).map((sequence) =>
    mean(members.filter((pair) => pair.sequence === sequence).map(({ difference }) => difference)),
  );
  const value = mean(means);
  return Number.isNaN(value) ? undefined : value;
}

/**
 * The effect over allocations, each counted once: mean of their effects, with standard error sd / √m and m - 1 degrees of
 * freedom. Pairs of one allocation share their nodes, so that what the machine as a whole does shows only between
 * allocations (Kalibera and Jones, ISMM 2013: repeat at the level where the variation arises). Undefined for fewer than two.
 */
export function acrossAllocations(effects: readonly AllocationEffect[]): Estimate | undefined {
  const values = effects.map(({ value }) => value).filter((value) => value !== undefined);
  if (values.length < 2) return undefined;
  const standardError = standardDeviation(values) / Math.sqrt(values.length);
  return { value: mean(values), standardError, df: values.length - 1 };
}

/**
 * Degrees of freedom to plan with: those of the interval over allocations, which is mostly the wider one even where
 * allocations are alike, for it has few (2.1 to 12.7 standard errors at 95 %, one-sided, over 5 to 2 allocations; over 20
 * pairs 1.7). Undefined for a single allocation: its pairs decide.
 */
export function allocationDf(pairs: readonly LogPair[]): number | undefined {
  return acrossAllocations(allocationEffects(pairs))?.df;
}

/** Of the analysis by pairs and that by allocations the one with the wider 95 % interval: it decides. */
export function decidingEstimate(
  pairs: readonly LogPair[],
): { by: 'pairs' | 'allocations'; estimate: Estimate } | undefined {
  const crossover = analyseCrossover(pairs)?.container;
  if (crossover === undefined) return undefined;
  const allocations = acrossAllocations(allocationEffects(pairs));
  if (allocations === undefined || width(allocations) <= width(crossover)) return { by: 'pairs', estimate: crossover };
  return { by: 'allocations', estimate: allocations };
}

function width(estimate: Estimate): number {
  const [low, high] = interval(estimate, 0.95);
  return high - low;
}
