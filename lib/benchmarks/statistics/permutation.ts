import { labelPlans, periodDifferences } from './label-plans.ts';
import type { LogPair } from './pair.ts';

/** The permutation test of "the container makes no difference". */
export interface PermutationTest {
  p: number;
  /** Plans that were looked at. */
  plans: number;
  /** False: the plans are a seeded sample, and p counts the real plan among them. */
  exact: boolean;
}

/**
 * How many of the plans that could have been drawn show an effect at least as large as the real plan does. If the container
 * makes no difference, the labels say nothing about p = ln(second / first run), so every plan is equally likely; the
 * statistic is |Σ over bare-first pairs of p, less its mean over all plans|. Nothing is assumed about the distribution.
 * A sampled p is (hits + 1) / (plans + 1) (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010, article 39).
 */
export function permutationTest(pairs: readonly LogPair[]): PermutationTest {
  const centred = centreWithinBlocks(pairs);
  const statistic = (labels: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < centred.length; i += 1) if (labels[i] === 1) sum += centred[i] ?? 0;
    return Math.abs(sum);
  };
  const observed = statistic(pairs.map(({ sequence }) => (sequence === 'bare-first' ? 1 : -1)));
  // Equal sums in another order of addition differ in their last bits.
  const limit = observed - 1e-12 * (1 + observed);
  const plans = labelPlans(pairs);
  let hits = 0;
  plans.visit((labels) => {
    if (statistic(labels) >= limit) hits += 1;
  });
  const p = plans.exact ? hits / plans.count : (hits + 1) / (plans.count + 1);
  return { p, plans: plans.count, exact: plans.exact };
}

/** Subtracts each block's mean, so that the statistic has mean 0 over all plans, whatever a block lost by exclusions. */
function centreWithinBlocks(pairs: readonly LogPair[]): Float64Array {
  const values = periodDifferences(pairs);
  for (const indices of Map.groupBy(pairs.keys(), (index) => pairs[index]?.block).values()) {
    const members = [...indices];
    const centre = members.reduce((sum, index) => sum + (values[index] ?? 0), 0) / members.length;
    for (const index of members) values[index] = (values[index] ?? 0) - centre;
  }
  return values;
}
