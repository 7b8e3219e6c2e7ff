import { analyseCrossover, tStatistic } from './crossover.ts';
import { labelPlans, periodDifferences } from './label-plans.ts';
import type { LogPair } from './pair.ts';

/** One of several metrics measured by the same runs, such as one message size, after correction for their number. */
export interface SimultaneousEffect {
  value: number;
  standardError: number;
  /** The chance of so large a t at any of the sizes, if the container made no difference at any. */
  p: number;
  /** Intervals that all hold together with 95 %. */
  interval: readonly [low: number, high: number];
}

/**
 * Westfall and Young's max-T procedure (Resampling-Based Multiple Testing, 1993, section 2.6; Romano and Wolf, Econometrica
 * 73, 2005): one relabelling serves all metrics at once, so that their correlation is kept; the adjusted p is the share of
 * plans whose largest |t| reaches this one's. The band takes the 95 % quantile of the largest |t| of the residuals.
 * `metrics[j]` holds the same pairs in the same order for every j. Throws RangeError if not; undefined if the pairs do not
 * allow a crossover.
 */
export function maxT(metrics: readonly (readonly LogPair[])[]): SimultaneousEffect[] | undefined {
  const [first = []] = metrics;
  const samePlan = (pairs: readonly LogPair[]): boolean =>
    pairs.length === first.length &&
    pairs.every(({ block, sequence }, i) => block === first[i]?.block && sequence === first[i]?.sequence);
  if (!metrics.every(samePlan)) throw new RangeError('max-T needs the same pairs for every metric');
  const effects = metrics.map((pairs) => analyseCrossover(pairs)?.container).filter((one) => one !== undefined);
  if (effects.length === 0 || effects.length < metrics.length) return undefined;
  const raw = metrics.map(periodDifferences);
  const residual = metrics.map((pairs, j) =>
    Float64Array.from(pairs, ({ sequence }, i) => {
      const sign = sequence === 'bare-first' ? 1 : -1;
      return (raw[j]?.[i] ?? 0) - sign * (effects[j]?.value ?? 0);
    }),
  );
  const plans = labelPlans(first);
  const maxima: number[] = [];
  const residualMaxima: number[] = [];
  plans.visit((labels) => {
    maxima.push(Math.max(...raw.map((values) => tOf(values, labels))));
    residualMaxima.push(Math.max(...residual.map((values) => tOf(values, labels))));
  });
  residualMaxima.sort((a, b) => a - b);
  const critical = residualMaxima[Math.ceil(0.95 * residualMaxima.length) - 1] ?? Infinity;
  return effects.map((effect) => {
    const t = Math.abs(tStatistic(effect));
    const hits = maxima.filter((maximum) => maximum >= t * (1 - 1e-12)).length;
    const p = plans.exact ? hits / plans.count : (hits + 1) / (plans.count + 1);
    const half = critical * effect.standardError;
    return {
      value: effect.value,
      standardError: effect.standardError,
      p,
      interval: [effect.value - half, effect.value + half],
    };
  });
}

/** |t| of the container effect if the pairs had these labels: `analyseCrossover` without its objects, for many plans. */
function tOf(values: Float64Array, labels: Int8Array): number {
  let [n1, sum1, square1, n2, sum2, square2] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (labels[i] === 1) {
      n1 += 1;
      sum1 += value;
      square1 += value * value;
    } else {
      n2 += 1;
      sum2 += value;
      square2 += value * value;
    }
  }
  const within = notBelowZero(square1 - (sum1 * sum1) / n1) + notBelowZero(square2 - (sum2 * sum2) / n2);
  const standardError = Math.sqrt((within / (n1 + n2 - 2) / 4) * (1 / n1 + 1 / n2));
  const effect = Math.abs(sum1 / n1 - sum2 / n2) / 2;
  return effect === 0 ? 0 : effect / standardError;
}

/** Rounding makes sums of squares of equal values negative. */
function notBelowZero(value: number): number {
  return value > 0 ? value : 0;
}
