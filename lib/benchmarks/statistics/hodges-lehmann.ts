import type { Interval } from './crossover.ts';
import { median } from './describe.ts';
import { type LogPair, periodDifference } from './pair.ts';
import { rankSumCdf, rankSumQuantile } from './rank-sum.ts';

/** The container effect by ranks: one wild run moves it little. */
export interface HodgesLehmann {
  value: number;
  /** Undefined if there are too few pairs for this level. */
  interval: Interval | undefined;
  /** The order statistic that bounds the interval from below, counted from 1. */
  rank: number;
}

/**
 * The Hodges-Lehmann estimate of the container effect and Moses' interval. With p = ln(second / first run) of a pair,
 * the order effect shifts all p alike and the container effect tells the sequences apart, so the estimate is the median
 * of all (p_i - p_j) / 2 with i bare first and j container first (Hodges and Lehmann, Ann. Math. Stat. 34, 1963); the
 * interval reaches from the k-th smallest to the k-th largest, k = qwilcox((1 - level) / 2, n1, n2) (Hollander, Wolfe and
 * Chicken, Nonparametric Statistical Methods, 2014, section 4.3). Undefined unless both sequences occur.
 */
export function hodgesLehmann(pairs: readonly LogPair[], level: number): HodgesLehmann | undefined {
  const bareFirst = pairs.filter(({ sequence }) => sequence === 'bare-first').map(periodDifference);
  const containerFirst = pairs.filter(({ sequence }) => sequence === 'container-first').map(periodDifference);
  const differences = Float64Array.from(bareFirst.flatMap((a) => containerFirst.map((b) => (a - b) / 2))).sort();
  if (differences.length === 0) return undefined;
  const [n1, n2] = [bareFirst.length, containerFirst.length];
  const tail = (1 - level) / 2;
  const rank = Math.max(1, rankSumQuantile(tail, n1, n2));
  const bounds = [differences[rank - 1], differences[differences.length - rank]] as [number, number];
  const attainable = rankSumCdf(n1, n2)(rank - 1) <= tail + 1e-12;
  return { value: median([...differences]), interval: attainable ? bounds : undefined, rank };
}
