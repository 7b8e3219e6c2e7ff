import { type Estimate, interval } from './crossover.ts';
import type { LogPair } from './pair.ts';
import { type PermutationTest, permutationTest } from './permutation.ts';

/** Two-sided chance with which a run may show a difference that is not there. */
export const differenceLevel = 0.05;

/** Runs of bare metal against itself that one is to see before an installation is trusted. */
const selfRuns = 20;

/**
 * The same for bare metal against itself, so strict that of twenty such runs one or more show a difference with a chance of
 * 5 % in all: 1 - (1 - 0.05)^(1 / 20) (Z. Šidák, J. Am. Stat. Assoc. 62, 1967). A single run at 5 % would let a faultless
 * installation fail in two series of three.
 */
export const selfLevel = 1 - (1 - differenceLevel) ** (1 / selfRuns);

/** Whether the pairs show that there is a difference. */
export interface DifferenceTest {
  /** Two-sided. */
  level: number;
  /** What is shown: what interval and permutation both say. */
  shown: 'slower' | 'faster' | undefined;
  /** What the interval of this level says by itself. */
  byInterval: 'slower' | 'faster' | undefined;
  permutation: PermutationTest;
  /** False: the plan could have been drawn in so few ways that no outcome would have shown anything. */
  attainable: boolean;
}

/**
 * A difference is shown if two tests agree that there is one: the t interval of the deciding estimate does not contain 0, and
 * of the plans that could have been drawn a share below level / 2 makes the container look at least as dear (or as cheap).
 *
 * The interval alone needs differences that are independent and nearly normal; a slow first run in each of three allocations
 * is enough to make it say "slower" three times too often. The permutation alone needs only that the order was drawn at
 * random, and keeps its level whatever the machine did, but says nothing of how far allocations differ. Both together are
 * wrong no more often than either (on permuting as the order was drawn: E. S. Edgington and P. Onghena, Randomization Tests,
 * 2007, ch. 3). Four pairs can be drawn in 6 ways, so that every outcome has a share of 1/6 at least: they can show nothing.
 */
export function differenceTest(pairs: readonly LogPair[], estimate: Estimate, level: number): DifferenceTest {
  const permutation = permutationTest(pairs);
  const [low, high] = interval(estimate, 1 - level);
  const byInterval = low > 0 ? 'slower' : high < 0 ? 'faster' : undefined;
  const byPlans = (byInterval === 'slower' ? permutation.slowerP : permutation.fasterP) < level / 2;
  return {
    level,
    shown: byPlans ? byInterval : undefined,
    byInterval,
    permutation,
    attainable: permutation.leastP < level / 2,
  };
}
