import type { MetricAnalysis, RunAnalysis } from '../analyse-run.ts';
import { chance, estimateRows, shortNumber } from '../estimate-rows.ts';
import { exclusionReason } from '../examine-pair.ts';
import { metricValue } from '../metric-value.ts';
import type { RunData } from '../run-data.ts';
import { pairPoints } from './pair-points.ts';
import { marginText, percent, percentRange } from '../verdict-sentence.ts';
import { type Html, html } from './markup.ts';
import { table } from './page.ts';

/** All metrics, one line each. */
export function summaryTable({ metrics }: RunAnalysis): Html {
  const heads = ['metric', 'verdict', 'margin', 'estimate', '95 % interval', '90 % interval', 'pairs'];
  const rows = metrics.map(({ metric, verdict, pairs }) => [
    metric.name,
    verdict.kind,
    marginText(metric.margin),
    verdict.estimate === undefined ? '' : percent(verdict.estimate.value),
    verdict.interval95 === undefined ? '' : percentRange(verdict.interval95),
    verdict.interval90 === undefined ? '' : percentRange(verdict.interval90),
    String(pairs.length),
  ]);
  return table('What the container costs', heads, rows, heads.slice(2));
}

/** Everything that was computed for one metric. */
export function estimateTable(analysis: MetricAnalysis): Html | undefined {
  const rows = estimateRows(analysis);
  const { name, unit } = analysis.metric;
  return rows.length === 0
    ? undefined
    : table(`${name}${unit === '' ? '' : ` in ${unit}`}`, ['estimate', 'value'], rows);
}

/** One line for each message size; undefined for a metric without. */
export function sizeTable({ metric, sizes }: MetricAnalysis): Html | undefined {
  if (sizes.length === 0) return undefined;
  const heads = ['bytes', 'difference', 'interval', 'p'];
  const rows = sizes.map(({ size, effect }) => [
    String(size),
    percent(effect.value),
    percentRange(effect.interval),
    chance(effect.p),
  ]);
  return table(`${metric.name} by message size, corrected for the number of sizes`, heads, rows, heads);
}

/** What each order alone would have claimed, beside what both say together. */
export function fixedOrderTable({ metrics }: RunAnalysis): Html {
  const heads = ['metric', 'always first', 'would have claimed', 'value', '95 % interval', 'both orders say'];
  const rows = metrics.flatMap(({ metric, fixedOrders, verdict }) =>
    fixedOrders.map(({ sequence, claim, value, interval }) => [
      metric.name,
      sequence === 'bare-first' ? 'bare metal' : 'container',
      claim === 'nothing' ? 'nothing certain' : `container ${claim}`,
      percent(value),
      percentRange(interval),
      verdict.estimate === undefined ? '' : percent(verdict.estimate.value),
    ]),
  );
  if (rows.length === 0) return html`<p>Too few pairs count for any claim.</p> `;
  return table('The same pairs, had only one order been run', heads, rows, [
    'value',
    '95 % interval',
    'both orders say',
  ]);
}

/** The plan and what came of every pair, in the metric that decides. */
export function pairTable(run: RunData): Html {
  const [metric] = run.metrics;
  const unit = metric?.unit ?? '';
  const heads = [
    'pair',
    'allocation',
    'first',
    `bare ${unit}`.trim(),
    `container ${unit}`.trim(),
    'costs',
    'nodes',
    'counts',
  ];
  const differences = new Map(metric && pairPoints(run, metric).map(({ pair, difference }) => [pair, difference]));
  const value = (leg: 'bare' | 'container', i: number): string => {
    const found = metric && metricValue(metric, run.pairs[i]?.[leg]);
    return found === undefined ? '' : shortNumber(found);
  };
  const rows = run.pairs.map((pair, i) => {
    const difference = differences.get(i + 1);
    return [
      String(i + 1),
      String(pair.allocation),
      pair.sequence === 'bare-first' ? 'bare' : 'container',
      value('bare', i),
      value('container', i),
      difference === undefined ? '' : percent(Math.log1p(difference / 100)),
      [...new Set([...(pair.bare?.nodes ?? []), ...(pair.container?.nodes ?? [])])].join(' '),
      exclusionReason(pair, run) ?? 'yes',
    ];
  });
  return table(`The plan as it was drawn, and ${metric?.name ?? 'nothing'} of each pair`, heads, rows, [
    'pair',
    'allocation',
    ...heads.slice(3, 6),
  ]);
}
