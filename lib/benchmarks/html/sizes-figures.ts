import type { MetricAnalysis } from '../analyse-run.ts';
import { exclusionReason } from '../examine-pair.ts';
import type { RunData } from '../run-data.ts';
import { median } from '../statistics/describe.ts';
import { logMargin } from '../statistics/equivalence.ts';
import { toPercent } from '../statistics/pair.ts';
import { percent } from '../verdict-sentence.ts';
import type { Figure } from './draw-figure.ts';
import { numberAxis } from './number-axis.ts';
import { roomyDomain } from './pair-points.ts';
import { printedStep } from './printed-step.ts';
import { byLeg, colours, figureWidth, shapeByLeg } from './theme.ts';

/** Of a metric with message sizes: the values over the size, and the ratio with its band. Empty for other metrics. */
export function sizesFigures(id: string, run: RunData, analysis: MetricAnalysis): Figure[] {
  // A logarithmic axis has no place for messages without content; the table has.
  const shown = analysis.sizes.filter(({ size }) => size > 0);
  if (shown.length < 2) return [];
  const sizes = shown.map(({ size }) => size);
  return [
    valuesFigure(`${id}-values`, run, analysis, sizes),
    ratioFigure(`${id}-ratio`, analysis, shown, resolution(run, analysis, sizes)),
  ];
}

/** All values of one leg that count at this size. */
function valuesAt(run: RunData, { metric }: MetricAnalysis, leg: 'bare' | 'container', size: number): number[] {
  return run.pairs
    .filter((pair) => exclusionReason(pair, run) === undefined)
    .flatMap((pair) => pair[leg]?.measurements ?? [])
    .filter((one) => one.metric === metric.name && one.size === size)
    .map(({ value }) => value);
}

/** By size how many per cent one step of the last printed digit is; empty if that is unknown. */
function resolution(run: RunData, analysis: MetricAnalysis, sizes: readonly number[]): Map<number, number> {
  const bySize = sizes.map((size) => [size, valuesAt(run, analysis, 'bare', size)] as const);
  const step = printedStep(bySize.flatMap(([, values]) => values));
  return new Map(step === undefined ? [] : bySize.map(([size, values]) => [size, (100 * step) / median(values)]));
}

function valuesFigure(id: string, run: RunData, analysis: MetricAnalysis, sizes: readonly number[]): Figure {
  const { metric } = analysis;
  const values = sizes.flatMap((size) =>
    (['bare', 'container'] as const).map((leg) => ({
      size,
      leg: leg === 'bare' ? 'bare metal' : 'container',
      value: median(valuesAt(run, analysis, leg, size)),
    })),
  );
  return {
    id,
    title: `${metric.name} by message size`,
    description: `Medians of both legs at ${sizes.length} sizes from ${sizes[0]} to ${sizes.at(-1)} bytes, on logarithmic axes`,
    caption:
      'Medians over the pairs, both axes logarithmic. Where only one line is to be seen the legs are the same to the eye.',
    spec: {
      width: figureWidth,
      height: 320,
      autosize: { type: 'fit', contains: 'padding' },
      data: { values },
      mark: { type: 'line', point: { size: 45 }, strokeWidth: 1.5 },
      encoding: {
        x: sizeAxis(sizes),
        y: {
          field: 'value',
          type: 'quantitative',
          scale: { type: 'log', zero: false, nice: false, padding: 8 },
          axis: { title: metric.unit, format: '~g', ...decades(values.map(({ value }) => value)) },
        },
        color: byLeg,
        shape: shapeByLeg,
        strokeDash: {
          ...byLeg,
          scale: {
            domain: [...byLeg.scale.domain],
            range: [
              [1, 0],
              [6, 3],
            ],
          },
        },
      },
    },
  };
}

function ratioFigure(
  id: string,
  { metric }: MetricAnalysis,
  sizes: MetricAnalysis['sizes'],
  steps: ReadonlyMap<number, number>,
): Figure {
  const values = sizes.map(({ size, effect }) => ({
    size,
    value: toPercent(effect.value),
    low: toPercent(effect.interval[0]),
    high: toPercent(effect.interval[1]),
  }));
  const domain = roomyDomain([0, ...values.flatMap(({ low, high }) => [low, high]).filter(Number.isFinite)]);
  const margin = logMargin(metric.margin);
  const clamp = (value: number): number => Math.max(domain[0], Math.min(domain[1], value));
  const band = { low: clamp(toPercent(-margin)), high: clamp(toPercent(margin)) };
  // Shorter ones are not to be seen.
  const ticks = [...steps].flatMap(([size, step]) =>
    step < 0.01 * (domain[1] - domain[0]) ? [] : [{ size, low: clamp(-step), high: clamp(step) }],
  );
  const y = { type: 'quantitative', scale: { domain, nice: false, zero: false } } as const;
  const whole = { x: { value: 0 }, x2: { value: 'width' } } as const;
  const beyond = sizes.filter(({ effect: { interval } }) => interval[0] > 0 || interval[1] < 0);
  const x = sizeAxis(sizes.map(({ size }) => size));
  return {
    id,
    title: `${metric.name}: difference by message size`,
    description:
      beyond.length === 0
        ? 'The band contains 0 at every size'
        : beyond.map(({ size, effect }) => `${size} bytes: ${percent(effect.value)}`).join('; '),
    caption:
      'How much more the container costs. The band around the line holds at all sizes together with 95 % (max-T); where it leaves 0 there is a difference. ' +
      'In the background: the margin, where it fits in.' +
      (ticks.length === 0
        ? ''
        : ' Dark bars: one step of the last digit that the program prints, up and down; what is smaller it cannot show.'),
    spec: {
      width: figureWidth,
      height: 260,
      autosize: { type: 'fit', contains: 'padding' },
      layer: [
        {
          data: { values: [band] },
          mark: { type: 'rect', color: colours.band },
          encoding: { ...whole, y: { ...y, field: 'low' }, y2: { field: 'high' } },
        },
        {
          data: { values },
          mark: { type: 'area', color: colours.container, opacity: 0.25 },
          encoding: {
            x,
            y: { ...y, field: 'low', axis: numberAxis('container costs more by, %', domain) },
            y2: { field: 'high' },
          },
        },
        {
          data: { values: ticks },
          mark: { type: 'rule', color: colours.muted, strokeWidth: 4, opacity: 0.55 },
          encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' } },
        },
        {
          data: { values: [{ zero: 0 }] },
          mark: { type: 'rule', color: colours.muted },
          encoding: { ...whole, y: { ...y, field: 'zero' } },
        },
        {
          data: { values },
          mark: { type: 'line', color: colours.container, point: { color: colours.container, shape: 'triangle-up' } },
          encoding: { x, y: { ...y, field: 'value' } },
        },
      ],
    },
  };
}

/** Powers of two, as people name message sizes. */
function sizeAxis(sizes: readonly number[]) {
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const values = Array.from({ length: 21 }, (_, i) => 8 ** i).filter((value) => value >= low && value <= high);
  return {
    field: 'size',
    type: 'quantitative',
    scale: { type: 'log', base: 2, nice: false, padding: 8 },
    axis: {
      title: 'message size, bytes',
      values,
      labelExpr:
        "datum.value < 1024 ? '' + datum.value : datum.value < 1048576 ? datum.value / 1024 + ' Ki' : datum.value < 1073741824 ? datum.value / 1048576 + ' Mi' : datum.value / 1073741824 + ' Gi'",
    },
  } as const;
}

/** One tick a decade; of less than two decades the axis chooses by itself. */
function decades(values: readonly number[]): { values?: number[] } {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  if (!(high - low >= 2)) return {};
  const first = Math.ceil(low);
  return { values: Array.from({ length: Math.floor(high) - first + 1 }, (_, i) => 10 ** (first + i)) };
}
