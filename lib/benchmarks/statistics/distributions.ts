import { incompleteBeta, upperIncompleteGamma } from './special-functions.ts';

/** P(Z <= z) of the standard normal distribution; by 1/2 · Q(1/2, z²/2) the tails keep their relative accuracy. */
export function normalCdf(z: number): number {
  const tail = upperIncompleteGamma(0.5, (z * z) / 2) / 2;
  return z < 0 ? tail : 1 - tail;
}

/** P(T <= t) of Student's t distribution with `df` degrees of freedom, df > 0 (Abramowitz and Stegun 26.7.1). */
export function tCdf(t: number, df: number): number {
  const tail = incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2;
  return t < 0 ? tail : 1 - tail;
}

/** The two-sided p-value of a t statistic. An infinite statistic (no scatter at all) has 0. */
export function tTwoSided(t: number, df: number): number {
  return Math.min(1, 2 * tCdf(-Math.abs(t), df));
}

/** A report asks for the same few quantiles again and again. */
const quantiles = new Map<string, number>();

/** The t for which `tCdf(t, df)` is `probability`, 0 < probability < 1. */
export function tQuantile(probability: number, df: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`no t quantile of ${probability}`);
  if (probability > 0.5) return -tQuantile(1 - probability, df);
  const key = `${probability} ${df}`;
  const found = quantiles.get(key) ?? lowerQuantile(probability, df);
  quantiles.set(key, found);
  return found;
}

/** Bisection, to the last bits of a double. */
function lowerQuantile(probability: number, df: number): number {
  let low = -1;
  while (tCdf(low, df) > probability) low *= 2;
  let high = 0;
  for (let middle = low / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (tCdf(middle, df) < probability) low = middle;
    else high = middle;
  }
  return high;
}
