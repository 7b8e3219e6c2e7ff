import { normalCdf } from './distributions.ts';

/** From this many values in a group on the normal approximation replaces the exact distribution, as in R's wilcox.test. */
const exactBelow = 50;

/**
 * P(U <= u) of the Mann-Whitney statistic of two samples without ties, exactly for samples below fifty values
 * (Mann and Whitney, Ann. Math. Stat. 18, 1947: counting subsets by their rank sums), else with mean n1·n2/2,
 * variance n1·n2·(n1+n2+1)/12 and continuity correction.
 */
export function rankSumCdf(n1: number, n2: number): (u: number) => number {
  if (n1 >= exactBelow || n2 >= exactBelow) {
    const deviation = Math.sqrt((n1 * n2 * (n1 + n2 + 1)) / 12);
    return (u) => normalCdf((u + 0.5 - (n1 * n2) / 2) / deviation);
  }
  const probabilities = exactProbabilities(n1, n2);
  return (u) => probabilities.slice(0, Math.max(0, Math.floor(u) + 1)).reduce((sum, one) => sum + one, 0);
}

/** P(U = u) for u = 0 … n1·n2. counts[k][u]: of the values so far, how many subsets of k have the statistic u. */
function exactProbabilities(n1: number, n2: number): Float64Array {
  const counts = Array.from({ length: n1 + 1 }, () => new Float64Array(n1 * n2 + 1));
  (counts[0] as Float64Array)[0] = 1;
  for (let value = 1; value <= n1 + n2; value += 1) {
    for (let k = Math.min(value, n1); k >= 1; k -= 1) {
      // The k-th chosen value exceeds value - k values that were not chosen.
      const gain = value - k;
      const [from, to] = [counts[k - 1] as Float64Array, counts[k] as Float64Array];
      for (let u = gain; u < to.length; u += 1) to[u] = (to[u] ?? 0) + (from[u - gain] ?? 0);
    }
  }
  const last = counts[n1] as Float64Array;
  const total = last.reduce((sum, count) => sum + count, 0);
  return last.map((count) => count / total);
}

/** The smallest u with P(U <= u) >= probability: R's qwilcox. */
export function rankSumQuantile(probability: number, n1: number, n2: number): number {
  const cdf = rankSumCdf(n1, n2);
  let [low, high] = [0, n1 * n2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cdf(middle) >= probability) high = middle;
    else low = middle + 1;
  }
  return low;
}
