import type { MetricAnalysis } from './analyse-run.ts';
import { interval, pValue } from './statistics/crossover.ts';
import type { DifferenceTest } from './statistics/difference.ts';
import { toPercent } from './statistics/pair.ts';
import { percent, percentRange } from './verdict-sentence.ts';
import { countNoun } from '../util/count-noun.ts';

/** Name and value of everything that was computed for a metric, as people read it; empty without an estimate. */
export function estimateRows(one: MetricAnalysis): [name: string, text: string][] {
  const { metric, medians, crossover, hodgesLehmann: ranks } = one;
  if (crossover === undefined || medians === undefined) return [];
  const { by, equivalence, difference } = one.verdict;
  const rows: [string, string][] = [
    [
      'median',
      `bare ${shortNumber(medians.bare)}, container ${shortNumber(medians.container)} ${metric.unit}`.trimEnd(),
    ],
    ['by pairs', `${percent(crossover.container.value)} (${percentRange(interval(crossover.container, 0.95))})`],
    [
      'by ranks',
      ranks === undefined ? '' : `${percent(ranks.value)}${ranks.interval ? ` (${percentRange(ranks.interval)})` : ''}`,
    ],
    ['by allocation', one.allocations.map(({ value }) => (value === undefined ? 'none' : percent(value))).join(', ')],
    [
      'decided',
      by === 'allocations' ? 'by the spread between allocations, the wider interval' : 'by pairs, the wider interval',
    ],
    ['p', `no difference ${chance(pValue(crossover.container))}, by permutation ${permutationText(difference)}`],
    [
      'p of equivalence',
      equivalence === undefined ? '' : `${chance(equivalence.p)}, of not worse ${chance(equivalence.nonInferiorityP)}`,
    ],
    ['scatter', `${toPercent(crossover.standardDeviation).toFixed(2)} % between pairs of one order`],
    [
      'detectable',
      one.detectable === undefined ? '' : `${toPercent(one.detectable).toFixed(2)} % with a chance of 80 %`,
    ],
    ['outlying', one.outlying.length === 0 ? '' : `${countNoun(one.outlying.length, 'pair')}, kept`],
  ];
  return rows.filter(([, text]) => text !== '');
}

/** `0.031 of 7776 plans`. */
function permutationText(difference: DifferenceTest | undefined): string {
  if (difference === undefined) return 'unknown';
  const { p, plans, exact } = difference.permutation;
  return `${chance(p)} of ${exact ? 'all' : 'a sample of'} ${plans} plans`;
}

/** Four significant digits, with an exponent only where figures would be long. */
export function shortNumber(value: number): string {
  if (value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6)) return String(Number(value.toPrecision(4)));
  const [digits, exponent = '0'] = value.toExponential(3).split('e');
  return `${Number(digits)}e${Number(exponent)}`;
}

/** A p-value; of small ones only the size matters. */
export function chance(p: number): string {
  return p !== 0 && p < 1e-3 ? p.toExponential(1) : String(Number(p.toPrecision(4)));
}
