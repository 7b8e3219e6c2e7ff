import type { MetricAnalysis, RunAnalysis } from './analyse-run.ts';
import { differentBuilds } from './different-builds.ts';
import type { RunData } from './run-data.ts';
import { interval, pValue } from './statistics/crossover.ts';
import { toPercent } from './statistics/pair.ts';
import { percent, percentRange, selfDifference, verdictSentence } from './verdict-sentence.ts';
import { countNoun } from '../util/count-noun.ts';

/** The report of a run for a terminal: the verdict first, what it rests on below. Ends with a line feed. */
export function reportText(run: RunData, analysis: RunAnalysis): string {
  const [headline, ...others] = analysis.metrics;
  const image = run.aa ? 'bare metal against itself' : `${run.image.name}:${run.image.tag}`;
  const lines = [
    `${run.benchmark}, ${image}: ${headline === undefined ? 'no metric' : verdictSentence(headline)}.`,
    ...(headline === undefined ? [] : [...selfLines(headline), ...orderLines(headline)]),
    ...buildLines(run),
    '',
    ...(headline === undefined ? [] : estimateLines(headline)),
    ...exclusionLines(run, analysis),
    ...others.flatMap((one) => [
      '',
      `${one.metric.name} (${one.metric.unit}): ${verdictSentence(one)}.`,
      ...selfLines(one),
      ...estimateLines(one),
    ]),
    '',
    `Run ${run.name}: ${run.pairs.length} pairs planned in ${countNoun(run.allocations, 'allocation')}, seed ${run.seed} (${run.generator}),`,
    `  jobs ${run.jobs.join(' ') || 'none'}, ${run.aa ? 'both legs bare metal' : `image sha256 ${run.image.sha256}`}`,
    ...(run.allocations === 1 ? ['  One allocation only: this says nothing about other nodes.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function selfLines(one: MetricAnalysis): string[] {
  const warning = selfDifference(one);
  return warning === undefined ? [] : [`Beware: ${warning}.`];
}

/** What coming second costs, and what somebody with a fixed order would have published. */
function orderLines({ crossover, fixedOrders }: MetricAnalysis): string[] {
  if (crossover === undefined) return [];
  const { order } = crossover;
  const real = pValue(order) < 0.05;
  const claims = fixedOrders.filter(({ claim }) => claim !== 'nothing');
  return [
    `Order: the second run of a pair costs ${percent(order.value)} (95 % interval ${percentRange(interval(order, 0.95))}), whichever leg it is${real ? '' : '; that may be chance'}.`,
    ...claims.map(
      ({ sequence, claim, value }) =>
        `  Always running ${sequence === 'bare-first' ? 'bare metal' : 'the container'} first would have shown the container ${claim} by ${Math.abs(toPercent(value)).toFixed(2)} %.`,
    ),
  ];
}

function buildLines(run: RunData): string[] {
  const different = differentBuilds(run);
  if (different.length === 0) return [];
  return [`Different build: ${different.join(', ')} is not the same in both legs; that may be the whole difference.`];
}

function estimateLines(one: MetricAnalysis): string[] {
  const { metric, medians, crossover, permutation, hodgesLehmann: ranks } = one;
  if (crossover === undefined || medians === undefined) return [];
  const { by, equivalence } = one.verdict;
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
    [
      'p',
      `no difference ${shortNumber(pValue(crossover.container))}, by permutation ${shortNumber(permutation?.p ?? Number.NaN)}`,
    ],
    [
      'p of equivalence',
      equivalence === undefined
        ? ''
        : `${shortNumber(equivalence.p)}, of not worse ${shortNumber(equivalence.nonInferiorityP)}`,
    ],
    ['scatter', `${toPercent(crossover.standardDeviation).toFixed(2)} % between pairs of one order`],
    [
      'detectable',
      one.detectable === undefined ? '' : `${toPercent(one.detectable).toFixed(2)} % with a chance of 80 %`,
    ],
    ['outlying', one.outlying.length === 0 ? '' : `${countNoun(one.outlying.length, 'pair')}, kept`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.filter(([, text]) => text !== '').map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}

function exclusionLines(run: RunData, { excluded, metrics }: RunAnalysis): string[] {
  if (excluded.length === 0) return [`  All ${run.pairs.length} pairs count.`];
  const [headline] = metrics;
  const list = excluded.map(
    ({ allocation, position, reason }) => `    allocation ${allocation}, pair ${position}: ${reason}`,
  );
  const estimate = headline?.withExcluded?.estimate;
  return [
    `  ${countNoun(excluded.length, 'pair')} of ${run.pairs.length} ${excluded.length === 1 ? 'does' : 'do'} not count:`,
    ...list,
    ...(estimate === undefined
      ? []
      : [`  With those that have values: ${percent(estimate.value)}, ${headline?.withExcluded?.kind ?? ''}`]),
  ];
}

/** Four significant digits, without an exponent where that is readable. */
function shortNumber(value: number): string {
  return value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(4)));
}
