import type { MetricAnalysis, RunAnalysis } from './analyse-run.ts';
import type { Check } from './check-run.ts';
import { differentBuilds } from './different-builds.ts';
import { estimateRows } from './estimate-rows.ts';
import { fixedOrderSentences, orderSentence } from './order-sentence.ts';
import type { RunData } from './run-data.ts';
import { percent, selfDifference, verdictSentence } from './verdict-sentence.ts';
import { countNoun } from '../util/count-noun.ts';

/** The report of a run for a terminal: the verdict first, what it rests on below. Ends with a line feed. */
export function reportText(run: RunData, analysis: RunAnalysis, checks: readonly Check[]): string {
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
    ...failedChecks(checks),
    '',
    `Run ${run.name}: ${run.pairs.length} pairs planned in ${countNoun(run.allocations, 'allocation')}, seed ${run.seed} (${run.generator}),`,
    `  jobs ${run.jobs.join(' ') || 'none'}, ${run.aa ? 'both legs bare metal' : `image sha256 ${run.image.sha256}`}`,
    ...(run.allocations === 1 ? ['  One allocation only: this says nothing about other nodes.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function failedChecks(checks: readonly Check[]): string[] {
  const failed = checks.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return [];
  return [
    '',
    `${failed.length} of ${checks.length} checks ${failed.length === 1 ? 'fails' : 'fail'}:`,
    ...failed.map(({ text }) => `  ${text}`),
  ];
}

function selfLines(one: MetricAnalysis): string[] {
  const warning = selfDifference(one);
  return warning === undefined ? [] : [`Beware: ${warning}.`];
}

function orderLines(one: MetricAnalysis): string[] {
  const order = orderSentence(one);
  return order === undefined ? [] : [`Order: ${order}.`, ...fixedOrderSentences(one).map((claim) => `  ${claim}.`)];
}

function buildLines(run: RunData): string[] {
  const different = differentBuilds(run);
  if (different.length === 0) return [];
  return [`Different build: ${different.join(', ')} is not the same in both legs; that may be the whole difference.`];
}

function estimateLines(one: MetricAnalysis): string[] {
  const rows = estimateRows(one);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}

/** Pairs that follow each other in an allocation and do not count for the same reason are one line. */
function exclusionList(excluded: RunAnalysis['excluded']): string[] {
  const groups: { allocation: number; first: number; last: number; reason: string }[] = [];
  for (const { allocation, position, reason } of excluded) {
    const group = groups.at(-1);
    if (group?.allocation === allocation && group.reason === reason && group.last === position - 1) {
      group.last = position;
    } else groups.push({ allocation, first: position, last: position, reason });
  }
  return groups.map(({ allocation, first, last, reason }) => {
    const places = first === last ? `pair ${first}` : `pairs ${first} to ${last}`;
    return `    allocation ${allocation}, ${places}: ${reason}`;
  });
}

function exclusionLines(run: RunData, { excluded, metrics }: RunAnalysis): string[] {
  if (excluded.length === 0) return [`  All ${run.pairs.length} pairs count.`];
  const [headline] = metrics;
  const estimate = headline?.withExcluded?.estimate;
  return [
    `  ${countNoun(excluded.length, 'pair')} of ${run.pairs.length} ${excluded.length === 1 ? 'does' : 'do'} not count:`,
    ...exclusionList(excluded),
    ...(estimate === undefined
      ? []
      : [`  With those that have values: ${percent(estimate.value)}, ${headline?.withExcluded?.kind ?? ''}`]),
  ];
}
