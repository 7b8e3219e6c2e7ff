import { tQuantile, tTwoSided } from './distributions.ts';
import { mean, squaredDeviations } from './describe.ts';
import type { LogPair } from './pair.ts';

export type Interval = readonly [low: number, high: number];

/** An estimate with the standard error and degrees of freedom that its t intervals need. */
export interface Estimate {
  value: number;
  standardError: number;
  df: number;
}

/** The analysis of an AB/BA crossover; everything on the logarithmic scale. */
export interface Crossover {
  /** What the container costs. */
  container: Estimate;
  /** What coming second costs, whichever leg it is: heat, caches, a file system that fills. */
  order: Estimate;
  /** Standard deviation of the differences within a sequence, pooled. */
  standardDeviation: number;
  pairs: { bareFirst: number; containerFirst: number };
}

/**
 * Estimates container and order effect from pairs of both sequences: with d = ln(container / bare) of a pair,
 *
 *     container = (mean(d | bare first) + mean(d | container first)) / 2
 *     order     = (mean(d | bare first) - mean(d | container first)) / 2
 *     SE²       = s² / 4 · (1/n1 + 1/n2),  s² pooled within the sequences,  df = n1 + n2 - 2
 *
 * (SAS/STAT User's Guide, TTEST procedure, "AB/BA crossover design"; S. Senn, Cross-over Trials in Clinical Research,
 * 2002, ch. 3). Undefined without two pairs of one and one of the other sequence: then the answer is undefined.
 */
export function analyseCrossover(pairs: readonly LogPair[]): Crossover | undefined {
  const differences = (sequence: LogPair['sequence']): number[] =>
    pairs.filter((pair) => pair.sequence === sequence).map(({ difference }) => difference);
  const bareFirst = differences('bare-first');
  const containerFirst = differences('container-first');
  const df = pairs.length - 2;
  if (bareFirst.length === 0 || containerFirst.length === 0 || df < 1) return undefined;
  const variance = (squaredDeviations(bareFirst) + squaredDeviations(containerFirst)) / df;
  const standardError = Math.sqrt((variance / 4) * (1 / bareFirst.length + 1 / containerFirst.length));
  const [first, second] = [mean(bareFirst), mean(containerFirst)];
  return {
    container: { value: (first + second) / 2, standardError, df },
    order: { value: (first - second) / 2, standardError, df },
    standardDeviation: Math.sqrt(variance),
    pairs: { bareFirst: bareFirst.length, containerFirst: containerFirst.length },
  };
}

/** The two-sided t interval, `level` such as 0.95. */
export function interval({ value, standardError, df }: Estimate, level: number): Interval {
  const half = tQuantile((1 + level) / 2, df) * standardError;
  return [value - half, value + half];
}

/** The t statistic against zero; without any scatter it is infinite, or 0 if the estimate is 0. */
export function tStatistic({ value, standardError }: Estimate): number {
  return value === 0 ? 0 : value / standardError;
}

/** The two-sided p-value against "no effect". */
export function pValue(estimate: Estimate): number {
  return tTwoSided(tStatistic(estimate), estimate.df);
}
