import type { MetricAnalysis } from '../analyse-run.ts';
import { type ComparedSeries, compareRow } from '../compare-runs.ts';
import { drawFigures, type Figure } from './draw-figure.ts';
import { forestFigure } from './forest-figure.ts';
import { type Html, html } from './markup.ts';
import { overTimeFigure } from './over-time-figure.ts';
import { page, table, utcTime } from './page.ts';

const heads = [
  'run',
  'image',
  'verdict',
  'margin',
  'pairs',
  'estimate',
  '95 % interval',
  'change since the run before',
];

/** Several runs over time as one HTML file that needs nothing else. The same data give the same bytes. */
export async function comparePage(all: readonly ComparedSeries[]): Promise<string> {
  const figures = all.map((series, i) => ({ series, figures: seriesFigures(`s${i + 1}`, series) }));
  const last = lastRunsFigure(all);
  const drawn = await drawFigures([...(last === undefined ? [] : [last]), ...figures.flatMap((one) => one.figures)]);
  const body = html`<h1>Benchmark runs over time</h1>
    <p>
      Compared is what the container costs against bare metal of the same run. Runs differ in nodes, settings and time,
      so that their values themselves are not compared.
    </p>
    ${last && html`<div class="figures">${drawn.get(last.id)}</div>`}${figures.map(
      ({ series, figures: own }) =>
        html`<h2>${nameOf(series)}</h2>
          ${own.length === 0 ? undefined : html`<div class="figures">${own.flatMap(({ id }) => drawn.get(id) ?? [])}</div>`}
          ${table(nameOf(series), heads, series.runs.map(compareRow), heads.slice(3, 7))}`,
    )}
    <h2>Runs</h2>
    ${runTable(all)}`;
  return page('Benchmark runs over time', body);
}

/** What the last run of each benchmark says, the one that uses most of its margin first. Undefined for a single series. */
function lastRunsFigure(all: readonly ComparedSeries[]): Figure | undefined {
  if (all.length < 2) return undefined;
  const rows = all.flatMap((series) => {
    const analysis = series.runs.findLast((one) => one.analysis.verdict.estimate !== undefined)?.analysis;
    return analysis === undefined ? [] : [{ name: nameOf(series), analysis, used: marginUsed(analysis) }];
  });
  return forestFigure(
    'last',
    'The last run of each benchmark',
    rows.sort((a, b) => b.used - a.used),
  );
}

/** With its unit: the same metric in another one is another series. */
function nameOf({ benchmark, metric, unit }: ComparedSeries): string {
  return [benchmark, metric, unit].filter((part) => part !== '').join(', ');
}

function marginUsed({ metric, verdict: { interval95 = [0, 0] } }: MetricAnalysis): number {
  return Math.max(-interval95[0], interval95[1]) / metric.margin;
}

function seriesFigures(id: string, series: ComparedSeries): Figure[] {
  const rows = series.runs.map(({ run, analysis }) => ({ name: run.name, analysis }));
  const title = `${nameOf(series)}: all runs`;
  return [overTimeFigure(`${id}-time`, series), forestFigure(`${id}-forest`, title, rows)].filter(
    (figure) => figure !== undefined,
  );
}

function runTable(all: readonly ComparedSeries[]): Html {
  const runs = new Map(all.flatMap((series) => series.runs.map(({ run }) => [run.name, run])));
  const rows = [...runs.values()].map((run) => [
    run.name,
    utcTime(run.created),
    run.createdBy,
    run.aa ? 'both legs bare metal' : run.image.sha256,
    run.seed,
    run.jobs.join(' '),
  ]);
  return table('Where they came from', ['run', 'started', 'by', 'image sha256', 'seed', 'jobs'], rows);
}
