import { type Estimate, type Interval, interval, pValue } from './crossover.ts';
import { mean, standardDeviation } from './describe.ts';
import type { LogPair, Sequence } from './pair.ts';

/** What somebody would have claimed who always ran the legs in one order. */
export interface FixedOrderClaim {
  sequence: Sequence;
  value: number;
  interval: Interval;
  p: number;
  claim: 'slower' | 'faster' | 'nothing';
}

/**
 * The ordinary paired t test of the pairs of one sequence alone: what the container costs and what coming second costs
 * cannot be told apart in it. For the report's warning, never for the verdict. Undefined with fewer than two pairs.
 */
export function fixedOrderClaim(pairs: readonly LogPair[], sequence: Sequence): FixedOrderClaim | undefined {
  const values = pairs.filter((pair) => pair.sequence === sequence).map(({ difference }) => difference);
  if (values.length < 2) return undefined;
  const estimate: Estimate = {
    value: mean(values),
    standardError: standardDeviation(values) / Math.sqrt(values.length),
    df: values.length - 1,
  };
  const [low, high] = interval(estimate, 0.95);
  const claim = low > 0 ? 'slower' : high < 0 ? 'faster' : 'nothing';
  return { sequence, value: estimate.value, interval: [low, high], p: pValue(estimate), claim };
}
