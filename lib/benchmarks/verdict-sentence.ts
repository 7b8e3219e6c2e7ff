import type { MetricAnalysis } from './analyse-run.ts';
import type { Interval } from './statistics/crossover.ts';
import { toPercent } from './statistics/pair.ts';
import { missesZero } from './statistics/verdict.ts';
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
export function verdictSentence(analysis: MetricAnalysis): string {
  const { metric, aa, verdict, pairs, allocations } = analysis;
  const margin = marginText(metric.margin);
  const { estimate, interval95, interval90 } = verdict;
  if (estimate === undefined || interval95 === undefined || interval90 === undefined) {
    return `cannot tell: ${pairs.length} of the pairs count, and at least three pairs, in both orders, are needed`;
  }
  const basis = `${countNoun(pairs.length, 'pair')}, ${countNoun(allocations.length, 'allocation')}`;
  const at95 = `estimate ${percent(estimate.value)}, 95 % interval ${percentRange(interval95)}, ${basis}`;
  const at90 = `estimate ${percent(estimate.value)}, 90 % interval ${percentRange(interval90)}, ${basis}`;
  switch (verdict.kind) {
    case 'equivalent':
      return aa
        ? `no difference at a margin of ${margin}, as it must be: within ± ${margin} of itself (${at90})`
        : `costs nothing at a margin of ${margin}: within ± ${margin} of bare metal (${at90})`;
    case 'slower-within-margin':
      return `costs something, but less than the margin of ${margin} (${at95})`;
    case 'slower':
      return `costs ${percent(estimate.value).replace('+', '')}, measured against a margin of ${margin} (${at95})`;
    case 'faster':
      return `is cheaper than bare metal by ${percent(-estimate.value).replace('+', '')} (${at95})`;
    case 'not-worse':
      return `costs less than the margin of ${margin}, if anything (${at90})`;
    case 'inconclusive': {
      return `cannot tell at a margin of ${margin} (${at95}); ${whatWouldTell(analysis)}`;
    }
  }
}

/** What it takes to decide. The number of pairs follows from the scatter within the orders, and is no help if there are so many. */
function whatWouldTell({ aa, pairs, pairsToDecide, verdict }: MetricAnalysis): string {
  if (pairsToDecide !== undefined && pairsToDecide <= pairs.length) {
    return verdict.by === 'allocations'
      ? 'the allocations differ from each other: more of them would tell, not more pairs in each'
      : `${pairs.length} pairs would mostly be enough if there were no difference: there may be one, and more pairs would show it`;
  }
  const needed = pairsToDecide === undefined ? 'more than a million pairs' : `about ${pairsToDecide} pairs`;
  return `${needed} would show that ${aa ? 'there is no difference' : 'it costs nothing, if that is so'}`;
}

/** For a run of bare metal against itself that finds a difference: what that means. Undefined for all others. */
export function selfDifference({ aa, verdict }: MetricAnalysis): string | undefined {
  if (!aa || !missesZero(verdict)) return undefined;
  return (
    'the 95 % interval does not contain 0 though both legs are the same: 5 in 100 such runs do that by chance; ' +
    'if another one does it too, trust no result of this set-up'
  );
}
