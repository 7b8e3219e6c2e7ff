import { normalCdf, tQuantile } from './distributions.ts';
import { logGamma } from './special-functions.ts';

/** What a run shall be able to say, on the logarithmic scale. */
export type Question =
  /** Tell an effect of this size from none, two-sided at this level (0.05 by custom). */
  | { kind: 'difference'; effect: number; level?: number }
  /** Show at 5 % that an effect lies within ± margin, if in truth it is `effect`. */
  | { kind: 'equivalence'; margin: number; effect: number };

/**
 * The probability that a crossover of `pairs` pairs, half of each sequence, answers the question, if differences within a
 * sequence are normal with this standard deviation; `df` is that of the interval that decides, over m allocations m - 1. Exact
 * for given normality: the noncentral t probability (difference) and that of Schuirmann's test (equivalence; Shieh, PLoS ONE
 * 11, 2016, e0162093, eq. 5), as an integral over the distribution of s/σ = √(χ²/df).
 */
export function power(question: Question, pairs: number, standardDeviation: number, df = pairs - 2): number {
  if (df < 1) return 0;
  const error = standardDeviation / Math.sqrt(pairs);
  if (question.kind === 'difference') {
    const t = tQuantile(1 - (question.level ?? 0.05) / 2, df);
    const shift = question.effect / error;
    return overScale(df, (scale) => normalCdf(shift - t * scale) + normalCdf(-shift - t * scale));
  }
  const t = tQuantile(0.95, df);
  const { margin, effect } = question;
  return overScale(df, (scale) =>
    Math.max(0, normalCdf((margin - effect) / error - t * scale) - normalCdf((-margin - effect) / error + t * scale)),
  );
}

/** E[f(√(χ²_df / df))] by Simpson's rule over ten standard deviations to each side. */
function overScale(df: number, f: (scale: number) => number): number {
  const steps = 128;
  const reach = 10 / Math.sqrt(2 * df);
  const low = Math.max(0, 1 - reach);
  const width = (1 + reach - low) / steps;
  const constant = Math.LN2 + (df / 2) * Math.log(df / 2) - logGamma(df / 2);
  let sum = 0;
  for (let i = 0; i <= steps; i += 1) {
    const scale = low + i * width;
    if (scale === 0 && df > 1) continue;
    const density = Math.exp(constant + (df - 1) * (df === 1 ? 0 : Math.log(scale)) - (df * scale * scale) / 2);
    sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * density * f(scale);
  }
  return (sum * width) / 3;
}

/** More pairs than this nobody runs; a question that needs more is out of reach. */
const mostPairs = 1_000_000;

/**
 * The smallest even number of pairs, at least 4, whose power reaches `wanted` (0.8 by custom); undefined if a million are not
 * enough. With `df` the interval over allocations decides, of which there are as many however many pairs there are.
 */
export function pairsNeeded(
  question: Question,
  standardDeviation: number,
  wanted = 0.8,
  df?: number,
): number | undefined {
  const enough = (halves: number): boolean => power(question, 2 * halves, standardDeviation, df) >= wanted;
  let high = 2;
  while (!enough(high)) {
    high *= 2;
    if (2 * high > mostPairs) return undefined;
  }
  let low = Math.max(1, high >> 1);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return 2 * high;
}

/** The smallest effect that `pairs` pairs tell from none at this level with a chance of 80 %, by bisection to 1e-6 of itself. */
export function smallestDetectable(pairs: number, standardDeviation: number, level = 0.05, df?: number): number {
  let [low, high] = [0, standardDeviation];
  const reaches = (effect: number): boolean =>
    power({ kind: 'difference', effect, level }, pairs, standardDeviation, df) >= 0.8;
  while (!reaches(high)) high *= 2;
  while (high - low > 1e-6 * high) {
    const middle = (low + high) / 2;
    if (reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}
