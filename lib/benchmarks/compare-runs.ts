import { analyseRun, type MetricAnalysis } from './analyse-run.ts';
import { shortNumber } from './estimate-rows.ts';
import type { RunData } from './run-data.ts';
import { type Estimate, type Interval, interval } from './statistics/crossover.ts';
import { marginText, percent, percentRange, verdictSentence } from './verdict-sentence.ts';

/** One metric of one run, with what has changed since the last run before it that has an estimate. */
export interface ComparedMetric {
  run: RunData;
  analysis: MetricAnalysis;
  /** The container's cost now less its cost then, logarithmic; undefined for the first and where an estimate is missing. */
  change: Estimate | undefined;
}

/** All runs of one benchmark with one metric, the oldest first. */
export interface ComparedSeries {
  benchmark: string;
  metric: string;
  unit: string;
  runs: ComparedMetric[];
}

/**
 * Puts runs beside each other by benchmark, metric and unit, over time. Only what the container costs against bare metal of its own run is
 * compared: nodes, settings and the weather differ between runs, and both legs of a run had the same. A/A runs are no images
 * and stand in series of their own.
 */
export function compareRuns(runs: readonly RunData[]): ComparedSeries[] {
  const ordered = [...runs].sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1));
  const series = new Map<string, ComparedSeries>();
  for (const run of ordered) {
    for (const analysis of analyseRun(run).metrics) {
      const { name, unit, direction } = analysis.metric;
      const key = JSON.stringify([run.benchmark, run.aa, name, unit, direction]);
      const benchmark = run.aa ? `${run.benchmark}, bare metal against itself` : run.benchmark;
      const one = series.get(key) ?? { benchmark, metric: name, unit, runs: [] };
      const before = one.runs.findLast(({ analysis: { verdict } }) => verdict.estimate !== undefined);
      const change = difference(analysis.verdict.estimate, before?.analysis.verdict.estimate);
      one.runs.push({ run, analysis, change });
      series.set(key, one);
    }
  }
  return [...series.values()];
}

/**
 * The difference of two independent estimates with the degrees of freedom of Welch and Satterthwaite (B. L. Welch, Biometrika 34,
 * 1947). Without any scatter in both there is no interval, and undefined.
 */
function difference(now: Estimate | undefined, before: Estimate | undefined): Estimate | undefined {
  if (now === undefined || before === undefined) return undefined;
  const [a, b] = [now.standardError ** 2, before.standardError ** 2];
  if (a + b === 0) return undefined;
  const df = (a + b) ** 2 / (a ** 2 / now.df + b ** 2 / before.df);
  return { value: now.value - before.value, standardError: Math.sqrt(a + b), df };
}

/** `+0.31 % (-0.10 to +0.72 %), none shown`; empty without a run before. */
export function changeText({ change }: ComparedMetric): string {
  if (change === undefined) return '';
  const range: Interval = interval(change, 0.95);
  const shown = range[0] > 0 ? 'dearer' : range[1] < 0 ? 'cheaper' : 'none shown';
  return `${percent(change.value)} (${percentRange(range)}), ${shown}`;
}

/** The comparison for a terminal. Ends with a line feed. */
export function compareText(all: readonly ComparedSeries[]): string {
  const blocks = all.map(({ benchmark, metric, unit, runs }) => {
    const lines = runs.flatMap((one) => {
      const change = changeText(one);
      const { medians } = one.analysis;
      const image = one.run.aa ? '' : `, ${one.run.image.name}:${one.run.image.tag}`;
      return [
        `  ${one.run.name}${image}: ${verdictSentence(one.analysis)}`,
        ...(medians === undefined
          ? []
          : [
              `    median bare ${shortNumber(medians.bare)}, container ${shortNumber(medians.container)} ${unit}`.trimEnd(),
            ]),
        ...(change === '' ? [] : [`    change of the cost since the run before: ${change}`]),
      ];
    });
    return [`${benchmark}, ${metric}${unit === '' ? '' : ` (${unit})`}:`, ...lines].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

/** The comparison with stable keys; units as in `reportJson`. */
export function compareJson(all: readonly ComparedSeries[]): Record<string, unknown> {
  return {
    schema: 1,
    series: all.map(({ runs, ...about }) => ({
      ...about,
      runs: runs.map(({ run, analysis: { metric, verdict, medians, pairs }, change }) => ({
        run: run.name,
        image: run.aa ? null : run.image,
        created: run.created,
        pairs: pairs.length,
        margin: metric.margin,
        verdict: verdict.kind,
        estimate: verdict.estimate?.value ?? null,
        interval95: verdict.interval95 ?? null,
        interval90: verdict.interval90 ?? null,
        medians: medians ?? null,
        change: change === undefined ? null : { value: change.value, interval95: interval(change, 0.95) },
      })),
    })),
  };
}

/** One line of the table of a series. */
export function compareRow(one: ComparedMetric): string[] {
  const { run, analysis } = one;
  const { estimate, interval95, kind } = analysis.verdict;
  return [
    run.name,
    run.aa ? 'none' : `${run.image.name}:${run.image.tag}`,
    kind,
    marginText(analysis.metric.margin),
    String(analysis.pairs.length),
    estimate === undefined ? '' : percent(estimate.value),
    interval95 === undefined ? '' : percentRange(interval95),
    changeText(one),
  ];
}
