/** Which leg of a pair ran first. */
export type Sequence = 'bare-first' | 'container-first';

/** Whether more of a metric costs more (seconds) or less (Gflop/s, MiB/s). */
export type Direction = 'lower-is-better' | 'higher-is-better';

/** One pair as it was measured, in the metric's own unit; both values are positive. */
export interface MeasuredPair {
  sequence: Sequence;
  /** The job array element that the pair ran in: one fixed set of nodes. */
  allocation: number;
  /** The permuted block within which the order of the pairs was balanced; unique over all allocations. */
  block: number;
  bare: number;
  container: number;
}

/** One pair on the logarithmic scale, on which factors become differences. */
export interface LogPair extends Pick<MeasuredPair, 'sequence' | 'allocation' | 'block'> {
  /** ln(cost of the container / cost of bare metal), where cost is time or 1 / rate: +0.01 is about 1 % dearer. */
  difference: number;
}

/** Throws RangeError for a value that has no logarithm: the parsers let none through. */
export function toLogPair(pair: MeasuredPair, direction: Direction): LogPair {
  const { bare, container, sequence, allocation, block } = pair;
  if (!(bare > 0 && container > 0 && bare < Infinity && container < Infinity)) {
    throw new RangeError(`a pair needs two positive values, not ${bare} and ${container}`);
  }
  const ratio = Math.log(container / bare);
  return { sequence, allocation, block, difference: direction === 'lower-is-better' ? ratio : -ratio };
}

/** ln(cost of the second run / cost of the first run): what is left of a pair when nobody knows which leg is which. */
export function periodDifference({ sequence, difference }: Pick<LogPair, 'sequence' | 'difference'>): number {
  return sequence === 'bare-first' ? difference : -difference;
}

/** A logarithmic difference in per cent: 0.00995 is 1. */
export function toPercent(difference: number): number {
  return 100 * Math.expm1(difference);
}
