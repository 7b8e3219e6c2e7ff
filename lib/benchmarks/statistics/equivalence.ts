import type { Estimate } from './crossover.ts';
import { tCdf } from './distributions.ts';
import type { LogPair } from './pair.ts';
import { permutationTest } from './permutation.ts';

/** Level of each of the two one-sided tests: the chance with which a container that costs just the margin passes. */
const oneSidedLevel = 0.05;

/** Two-sided level of the interval that belongs to them, of 90 %. */
export const equivalenceLevel = 2 * oneSidedLevel;

/** What one-sided tests against a margin say; small means that the margin is not reached. */
export interface MarginTest {
  /** Both one-sided tests together: within ± margin. */
  p: number;
  /** The one-sided test alone: the container costs less than the margin. */
  nonInferiorityP: number;
}

/** The tests against a margin that was fixed before the run; each p is the larger one of interval and permutation. */
export interface EquivalenceTest extends MarginTest {
  /** The margin on the logarithmic scale, ln(1 + margin). */
  margin: number;
  /** What the interval says by itself. */
  byInterval: MarginTest;
  /** False: the plan could have been drawn in so few ways that no outcome would have shown that it costs nothing. */
  attainable: boolean;
}

/** ln(1 + margin), margin a fraction: 0.01 is 1 %. Throws RangeError unless it is positive. */
export function logMargin(margin: number): number {
  if (!(margin > 0 && margin < Infinity)) throw new RangeError(`the margin must be positive, not ${margin}`);
  return Math.log1p(margin);
}

/**
 * Two one-sided t tests (Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987): p < 0.05 exactly if the 90 % interval lies within
 * ± margin; and the non-inferiority test, p < 0.05 exactly if the upper 95 % one-sided bound lies below the margin.
 */
export function marginTest({ value, standardError, df }: Estimate, margin: number): MarginTest {
  const below = oneSided(margin - value, standardError, df);
  const above = oneSided(margin + value, standardError, df);
  return { p: Math.max(below, above), nonInferiorityP: below };
}

/**
 * Whether the container costs nothing, or nothing worth naming, at a margin: shown if two tests agree, as a difference is (see
 * `differenceTest`). The one is `marginTest` of the deciding estimate. The other takes the margin off each pair and counts the
 * plans that could have been drawn by which what is left would look at least as cheap; likewise for the other side. That is
 * the interval by inversion of the permutation test, valid whatever the machine did (Edgington and Onghena, Randomization
 * Tests, 2007, ch. 3). By itself the t test calls a container that costs just the margin equivalent up to twice as often as its
 * level says, where the first run of each allocation is slow.
 */
export function equivalenceTest(pairs: readonly LogPair[], estimate: Estimate, margin: number): EquivalenceTest {
  const byInterval = marginTest(estimate, margin);
  const atMargin = permutationTest(shifted(pairs, -margin));
  const atOtherMargin = permutationTest(shifted(pairs, margin));
  const nonInferiorityP = Math.max(byInterval.nonInferiorityP, atMargin.fasterP);
  return {
    margin,
    p: Math.max(byInterval.p, nonInferiorityP, atOtherMargin.slowerP),
    nonInferiorityP,
    byInterval,
    attainable: atMargin.leastP < oneSidedLevel,
  };
}

function shifted(pairs: readonly LogPair[], by: number): LogPair[] {
  return pairs.map((pair) => ({ ...pair, difference: pair.difference + by }));
}

/** P of the distance to a bound; without scatter the distance's sign decides. */
function oneSided(distance: number, standardError: number, df: number): number {
  if (standardError === 0) return distance > 0 ? 0 : 1;
  return tCdf(-distance / standardError, df);
}
