import type { Estimate } from './crossover.ts';
import { tCdf } from './distributions.ts';

/** The test against a margin that was fixed before the run. */
export interface EquivalenceTest {
  /** The margin on the logarithmic scale, ln(1 + margin). */
  margin: number;
  /** Both one-sided tests together: small means within ± margin. */
  p: number;
  /** The one-sided test alone: small means that the container costs less than the margin. */
  nonInferiorityP: number;
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
export function equivalenceTest({ value, standardError, df }: Estimate, margin: number): EquivalenceTest {
  const below = oneSided(margin - value, standardError, df);
  const above = oneSided(margin + value, standardError, df);
  return { margin, p: Math.max(below, above), nonInferiorityP: below };
}

/** P of the distance to a bound; without scatter the distance's sign decides. */
function oneSided(distance: number, standardError: number, df: number): number {
  if (standardError === 0) return distance > 0 ? 0 : 1;
  return tCdf(-distance / standardError, df);
}
