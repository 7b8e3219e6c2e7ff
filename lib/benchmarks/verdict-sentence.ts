import type { MetricAnalysis } from './analyse-run.ts';
import type { Interval } from './statistics/crossover.ts';
import { toPercent } from './statistics/pair.ts';
import { countNoun } from '../util/count-noun.ts';

/** A difference in per cent with its sign: `+1.48 %`. */
export function percent(difference: number): string {
  const value = toPercent(difference);
  const digits = Math.abs(value) >= 9.995 ? 1 : 2;
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(digits)} %`;
}

/** An interval in per cent: `-0.11 to +0.09 %`. */
export function percentRange([low, high]: Interval): string {
  return `${percent(low).replace(' %', '')} to ${percent(high)}`;
}

/** A fraction as a margin: `1 %`. */
export function marginText(margin: number): string {
  return `${Number((100 * margin).toPrecision(3))} %`;
}

/** The sentence on which somebody decides, margin first; positive differences mean that the container costs more. */
export function verdictSentence({ metric, verdict, pairs, pairsToDecide, allocations }: MetricAnalysis): string {
  const margin = marginText(metric.margin);
  const { estimate, interval95, interval90 } = verdict;
  if (estimate === undefined || interval95 === undefined || interval90 === undefined) {
    return `cannot tell: ${pairs.length} of the pairs count, and at least three of both orders are needed`;
  }
  const basis = `${pairs.length} pairs, ${countNoun(allocations.length, 'allocation')}`;
  const at95 = `estimate ${percent(estimate.value)}, 95 % interval ${percentRange(interval95)}, ${basis}`;
  const at90 = `estimate ${percent(estimate.value)}, 90 % interval ${percentRange(interval90)}, ${basis}`;
  switch (verdict.kind) {
    case 'equivalent':
      return `costs nothing at a margin of ${margin}: within ± ${margin} of bare metal (${at90})`;
    case 'slower-within-margin':
      return `costs something, but less than the margin of ${margin} (${at95})`;
    case 'slower':
      return `costs ${percent(estimate.value).replace('+', '')}, measured against a margin of ${margin} (${at95})`;
    case 'faster':
      return `is cheaper than bare metal by ${percent(-estimate.value).replace('+', '')} (${at95})`;
    case 'not-worse':
      return `costs less than the margin of ${margin}, if anything (${at90})`;
    case 'inconclusive': {
      const needed = pairsToDecide === undefined ? 'more than a million pairs' : `about ${pairsToDecide} pairs`;
      return `cannot tell at a margin of ${margin} (${at95}); ${needed} would show that it costs nothing, if that is so`;
    }
  }
}
