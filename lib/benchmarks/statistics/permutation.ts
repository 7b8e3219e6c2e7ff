import { periodDifferences, sumsOverPlans } from './label-plans.ts';
import type { LogPair } from './pair.ts';

/** The permutation test of "the container makes no difference". */
export interface PermutationTest {
  /** Two-sided. */
  p: number;
  /** One-sided: the share of plans by which the container would look at least as dear, and as cheap, as it does. */
  slowerP: number;
  fasterP: number;
  /** The least that a one-sided p of so many plans can be. */
  leastP: number;
  /** Plans that were looked at. */
  plans: number;
  /** False: the plans are a seeded sample, and p counts the real plan among them. */
  exact: boolean;
}

/**
 * How many of the plans that could have been drawn show an effect at least as large as the real plan does. If the container
 * makes no difference, the labels say nothing about p = ln(second / first run), so every plan is equally likely; the
 * statistic is Σ over bare-first pairs of p, less its mean over all plans. Nothing is assumed about the distribution: a drift,
 * a slow tail and runs that depend on those before them leave the level as it is, for the order was drawn without looking at
 * them (R. A. Fisher, The Design of Experiments, 1935, section 21).
 * A sampled p is (hits + 1) / (plans + 1) (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010, article 39).
 */
export function permutationTest(pairs: readonly LogPair[]): PermutationTest {
  const centred = centreWithinBlocks(pairs);
  let observed = 0;
  for (const [i, { sequence }] of pairs.entries()) if (sequence === 'bare-first') observed += centred[i] ?? 0;
  // Equal sums in another order of addition differ in their last bits.
  const slack = 1e-12 * (1 + Math.abs(observed));
  const { exact, sums } = sumsOverPlans(pairs, centred);
  const hits = { either: 0, slower: 0, faster: 0 };
  const size = Math.abs(observed) - slack;
  for (const sum of sums) {
    if (sum >= size || -sum >= size) hits.either += 1;
    if (sum >= observed - slack) hits.slower += 1;
    if (sum <= observed + slack) hits.faster += 1;
  }
  const share = (count: number): number => (exact ? count / sums.length : (count + 1) / (sums.length + 1));
  return {
    p: share(hits.either),
    slowerP: share(hits.slower),
    fasterP: share(hits.faster),
    leastP: share(exact ? 1 : 0),
    plans: sums.length,
    exact,
  };
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
