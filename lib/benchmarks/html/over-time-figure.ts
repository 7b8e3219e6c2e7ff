import type { ComparedSeries } from '../compare-runs.ts';
import { logMargin } from '../statistics/equivalence.ts';
import { toPercent } from '../statistics/pair.ts';
import { percent } from '../verdict-sentence.ts';
import type { Figure } from './draw-figure.ts';
import { shortLabels } from './figure-labels.ts';
import { numberAxis } from './number-axis.ts';
import { roomyDomain } from './pair-points.ts';
import { colours, figureWidth } from './theme.ts';

/** What the container cost in each run of a series, the oldest on the left. Undefined if no run has an estimate. */
export function overTimeFigure(id: string, { benchmark, metric, runs }: ComparedSeries): Figure | undefined {
  const labels = shortLabels(
    runs.map(({ run }) => run.name),
    26,
  );
  const values = runs.flatMap(({ run, analysis }, i) => {
    const { estimate, interval95 } = analysis.verdict;
    if (estimate === undefined || interval95 === undefined) return [];
    const margin = logMargin(analysis.metric.margin);
    return {
      place: i,
      run: run.name,
      label: labels[i],
      value: toPercent(estimate.value),
      low: toPercent(interval95[0]),
      high: toPercent(interval95[1]),
      marginLow: toPercent(-margin),
      marginHigh: toPercent(margin),
    };
  });
  if (values.length === 0) return undefined;
  const domain = roomyDomain([0, ...values.flatMap(({ low, high }) => [low, high])]);
  const clamp = (value: number): number => Math.max(domain[0], Math.min(domain[1], value));
  const shown = values.map((one) => ({ ...one, marginLow: clamp(one.marginLow), marginHigh: clamp(one.marginHigh) }));
  const title = 'container costs more by, %';
  const y = (field: string) =>
    ({ field, type: 'quantitative', title, scale: { domain, nice: false, zero: false } }) as const;
  const x = { field: 'label', type: 'ordinal', sort: { field: 'place' }, title: null } as const;
  return {
    id,
    title: `${benchmark}, ${metric}: what the container cost in each run`,
    description: values.map(({ run, value }) => `${run}: ${percent(Math.log1p(value / 100))}`).join('; '),
    caption:
      'Estimate and 95 % interval of each run, the oldest on the left; behind it the margin of that run, where it fits in.',
    spec: {
      width: figureWidth,
      height: 320,
      autosize: { type: 'fit', contains: 'padding' },
      data: { values: shown },
      encoding: { x: { ...x, axis: { labelAngle: -35, labelLimit: 0, labelFontSize: 11 } } },
      layer: [
        {
          mark: { type: 'bar', color: colours.band, width: { band: 1 } },
          encoding: { y: y('marginLow'), y2: { field: 'marginHigh' } },
        },
        {
          mark: { type: 'rule', color: colours.muted },
          data: { values: [{ zero: 0 }] },
          encoding: { x: { value: 0 }, x2: { value: 'width' }, y: y('zero') },
        },
        {
          mark: { type: 'rule', color: colours.ink, strokeWidth: 1.5 },
          encoding: { y: y('low'), y2: { field: 'high' } },
        },
        {
          mark: { type: 'point', shape: 'diamond', size: 130, color: colours.container, stroke: colours.ink },
          encoding: { y: { ...y('value'), axis: numberAxis(title, domain) } },
        },
      ],
    },
  };
}
