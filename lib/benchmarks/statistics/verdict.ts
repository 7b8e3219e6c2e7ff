import { decidingEstimate } from './allocations.ts';
import { analyseCrossover, type Estimate, type Interval, interval } from './crossover.ts';
import { type EquivalenceTest, equivalenceTest } from './equivalence.ts';
import type { LogPair } from './pair.ts';
import { pairsNeeded } from './power.ts';

/**
 * What may be said about the container:
 * - `equivalent`: the difference lies within ± margin; it costs nothing at this margin;
 * - `slower-within-margin`: it costs something for certain, and for certain less than the margin;
 * - `slower`: it costs something for certain;
 * - `faster`: it is cheaper for certain;
 * - `not-worse`: it costs less than the margin for certain, and may well be cheaper;
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
}

/**
 * Decides by the wider of the two 95 % intervals, against a margin on the logarithmic scale that was fixed before the run.
 * "No significant difference" is never taken for "no difference" (Altman and Bland, BMJ 311, 1995).
 */
export function decideVerdict(pairs: readonly LogPair[], margin: number): Verdict {
  const deciding = decidingEstimate(pairs, widthOf);
  if (deciding === undefined) {
    const nothing = { by: undefined, estimate: undefined, interval95: undefined, interval90: undefined };
    return { kind: 'inconclusive', ...nothing, equivalence: undefined };
  }
  const { by, estimate } = deciding;
  const equivalence = equivalenceTest(estimate, margin);
  const interval95 = interval(estimate, 0.95);
  return {
    kind: kindOf(interval95, equivalence),
    by,
    estimate,
    interval95,
    interval90: interval(estimate, 0.9),
    equivalence,
  };
}

/**
 * The verdict on bare metal against itself, where nothing may cost anything: `equivalent` if the two one-sided tests show it,
 * `inconclusive` otherwise. An interval without 0 is then one of the five in a hundred that miss, or a fault of the set-up, see
 * `missesZero`; it never says that something is slower than itself.
 */
export function decideSelfVerdict(pairs: readonly LogPair[], margin: number): Verdict {
  const verdict = decideVerdict(pairs, margin);
  const equivalent = verdict.equivalence !== undefined && verdict.equivalence.p < 0.05;
  return { ...verdict, kind: equivalent ? 'equivalent' : 'inconclusive' };
}

/** Whether the 95 % interval says that there is a difference. */
export function missesZero({ interval95 }: Verdict): boolean {
  return interval95 !== undefined && (interval95[0] > 0 || interval95[1] < 0);
}

/**
 * For an inconclusive run: how many pairs in all, one allocation being like another, would show equivalence with a chance of
 * 80 % if the container costs nothing in truth. The scatter is taken from these pairs. Undefined if that is out of reach.
 */
export function pairsToDecide(pairs: readonly LogPair[], margin: number): number | undefined {
  const crossover = analyseCrossover(pairs);
  return crossover && pairsNeeded({ kind: 'equivalence', margin, effect: 0 }, crossover.standardDeviation);
}

function widthOf(estimate: Estimate): number {
  const [low, high] = interval(estimate, 0.95);
  return high - low;
}

function kindOf([low, high]: Interval, { p, nonInferiorityP }: EquivalenceTest): VerdictKind {
  if (low > 0) return p < 0.05 ? 'slower-within-margin' : 'slower';
  if (p < 0.05) return 'equivalent';
  if (high < 0) return 'faster';
  return nonInferiorityP < 0.05 ? 'not-worse' : 'inconclusive';
}
