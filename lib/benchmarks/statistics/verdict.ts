import { allocationDf, decidingEstimate } from './allocations.ts';
import { analyseCrossover, type Estimate, type Interval, interval } from './crossover.ts';
import { differenceLevel, type DifferenceTest, differenceTest, selfLevel } from './difference.ts';
import { type EquivalenceTest, equivalenceTest } from './equivalence.ts';
import type { LogPair } from './pair.ts';
import { pairsNeeded } from './power.ts';

/**
 * What may be said about the container:
 * - `equivalent`: the difference lies within ± margin; it costs nothing at this margin;
 * - `slower-within-margin`: it is shown to cost something, and to cost less than the margin;
 * - `slower`: it is shown to cost something;
 * - `faster`: it is shown to be cheaper;
 * - `not-worse`: it is shown to cost less than the margin, and may well be cheaper;
 * - `inconclusive`: these pairs cannot tell.
 */
export type VerdictKind = 'equivalent' | 'slower-within-margin' | 'slower' | 'faster' | 'not-worse' | 'inconclusive';

export interface Verdict {
  kind: VerdictKind;
  /** Which analysis had the wider interval and therefore decided; undefined if there are too few pairs for any. */
  by: 'pairs' | 'allocations' | undefined;
  estimate: Estimate | undefined;
  interval95: Interval | undefined;
  interval90: Interval | undefined;
  equivalence: EquivalenceTest | undefined;
  difference: DifferenceTest | undefined;
}

/** What the two legs of a run are. */
export interface VerdictQuestion {
  /** The difference that does not matter, on the logarithmic scale, fixed before the run. */
  margin: number;
  /** Both legs are bare metal: neither is the one that may cost something. */
  aa: boolean;
}

/**
 * Decides by the wider of the two intervals (over pairs, over allocations) and by the plans that could have been drawn, for a
 * difference as for equivalence; see `differenceTest` and `equivalenceTest`. "No significant difference" is never taken for
 * "no difference" (Altman and Bland, BMJ 311, 1995). Bare metal against itself is analysed in the same way,
 * with two differences that its question makes: the level of a difference is that of a series, `selfLevel`, and "not worse" is
 * no answer, because there is no worse side.
 */
export function decideVerdict(pairs: readonly LogPair[], { margin, aa }: VerdictQuestion): Verdict {
  const deciding = decidingEstimate(pairs);
  if (deciding === undefined) {
    const nothing = { by: undefined, estimate: undefined, interval95: undefined, interval90: undefined };
    return { kind: 'inconclusive', ...nothing, equivalence: undefined, difference: undefined };
  }
  const { by, estimate } = deciding;
  const equivalence = equivalenceTest(pairs, estimate, margin);
  const difference = differenceTest(pairs, estimate, aa ? selfLevel : differenceLevel);
  return {
    kind: kindOf(difference, equivalence, aa),
    by,
    estimate,
    interval95: interval(estimate, 0.95),
    interval90: interval(estimate, 0.9),
    equivalence,
    difference,
  };
}

/**
 * For an inconclusive run: how many pairs in all, in as many allocations, one like another, would show equivalence with a chance
 * of 80 % if the container costs nothing in truth. The scatter is taken from these pairs. It is a lower bound by a few pairs:
 * the wider of two intervals decides, and the orders that could have been drawn have a say. Undefined if out of reach.
 */
export function pairsToDecide(pairs: readonly LogPair[], margin: number): number | undefined {
  const crossover = analyseCrossover(pairs);
  const question = { kind: 'equivalence', margin, effect: 0 } as const;
  return crossover && pairsNeeded(question, crossover.standardDeviation, 0.8, allocationDf(pairs));
}

function kindOf({ shown }: DifferenceTest, { p, nonInferiorityP }: EquivalenceTest, aa: boolean): VerdictKind {
  if (shown === 'slower') return p < 0.05 ? 'slower-within-margin' : 'slower';
  if (p < 0.05) return 'equivalent';
  if (shown === 'faster') return 'faster';
  return nonInferiorityP < 0.05 && !aa ? 'not-worse' : 'inconclusive';
}
