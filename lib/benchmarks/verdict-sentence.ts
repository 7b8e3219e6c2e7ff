import type { MetricAnalysis } from './analyse-run.ts';
import { fewestPairs } from './draw-plan.ts';
import type { Interval } from './statistics/crossover.ts';
import { equivalenceLevel } from './statistics/equivalence.ts';
import { toPercent } from './statistics/pair.ts';
import { differenceLevel, selfLevel } from './statistics/difference.ts';
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
    return `cannot tell: ${countNoun(pairs.length, 'pair')} ${pairs.length === 1 ? 'counts' : 'count'}, and fewer than ${fewestPairs(equivalenceLevel)} show nothing, whatever they measure`;
  }
  const basis = `${countNoun(pairs.length, 'pair')}, ${countNoun(allocations.length, 'allocation')}`;
  const at95 = `estimate ${percent(estimate.value)}, 95 % interval ${percentRange(interval95)}, ${basis}`;
  const at90 = `estimate ${percent(estimate.value)}, 90 % interval ${percentRange(interval90)}, ${basis}`;
  if (aa && verdict.difference?.shown !== undefined) {
    const within = verdict.equivalence !== undefined && verdict.equivalence.p < 0.05 ? 'less' : 'measured';
    const size = percent(Math.abs(estimate.value)).replace('+', '');
    const against = `${within} ${within === 'less' ? 'than the' : 'against a'} margin of ${margin}`;
    return `bare metal differs from itself by ${size}, ${against}: the machine or the method is biased (${at95})`;
  }
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
function whatWouldTell({ aa, pairs, allocations, pairsToDecide, verdict }: MetricAnalysis): string {
  const { difference, equivalence } = verdict;
  const ways = `the order of ${countNoun(pairs.length, 'pair')} could have been drawn in ${countNoun(difference?.permutation.plans ?? 0, 'way')}`;
  if (difference?.byInterval !== undefined) {
    const { attainable, permutation, byInterval, level } = difference;
    if (!attainable) {
      return `${ways}, too few to show a difference whatever they measure: that takes at least ${fewestPairs(level)} pairs`;
    }
    const share = byInterval === 'slower' ? permutation.slowerP : permutation.fasterP;
    const dearer = byInterval === 'slower' ? 'dear' : 'cheap';
    return `with ${(100 * share).toPrecision(2)} % of the orders that could have been drawn it would look as ${dearer}, so this may be chance: more pairs would show it`;
  }
  if (equivalence?.attainable === false) {
    const needed = Math.max(pairsToDecide ?? 0, fewestPairs(equivalenceLevel));
    return `${ways}, too few to show anything whatever they measure: that takes at least ${needed} pairs`;
  }
  if (equivalence !== undefined && equivalence.byInterval.p < 0.05) {
    const share = (100 * equivalence.p).toPrecision(2);
    return `the interval lies within the margin, but with ${share} % of the orders that could have been drawn a container that costs the margin would look as good, so this may be chance: more pairs would show it`;
  }
  if (pairsToDecide !== undefined && pairsToDecide <= pairs.length) {
    return verdict.by === 'allocations'
      ? `${countNoun(allocations.length, 'allocation')} say little of others, or differ: more of them would tell sooner than more pairs in each`
      : `${pairs.length} pairs would mostly be enough if there were no difference: there may be one, and more pairs would show it`;
  }
  const where = allocations.length > 1 ? ` in ${allocations.length} allocations` : '';
  const needed = pairsToDecide === undefined ? 'more than a million pairs' : `about ${pairsToDecide} pairs${where}`;
  return `${needed} would show that ${aa ? 'there is no difference' : 'it costs nothing, if that is so'}`;
}

/** What to make of a run of bare metal against itself that looks as if there were a difference. Undefined for all others. */
export function selfDifference({ aa, verdict: { difference, interval95 } }: MetricAnalysis): string | undefined {
  if (!aa || difference === undefined || interval95 === undefined) return undefined;
  if (difference.shown !== undefined) {
    return (
      `by chance that happens in ${percentOf(selfLevel)} of 100 such runs, and in one series of 20 runs out of 20; ` +
      'trust no result of this set-up until the cause is found'
    );
  }
  if (interval95[0] <= 0 && interval95[1] >= 0) return undefined;
  return (
    `the 95 % interval does not contain 0, as by chance in ${percentOf(differenceLevel)} of 100 such runs; ` +
    'if the next ones do the same, look for the cause'
  );
}

function percentOf(level: number): string {
  return String(Number((100 * level).toPrecision(1)));
}

/** Whether a run of bare metal against itself has shown a difference in any metric: then something is wrong with the set-up. */
export function showsBias(metrics: readonly MetricAnalysis[]): boolean {
  return metrics.some(({ aa, verdict }) => aa && verdict.difference?.shown !== undefined);
}
