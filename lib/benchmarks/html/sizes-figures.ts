import type { MetricAnalysis } from '../analyse-run.ts';
import { exclusionReason } from '../examine-pair.ts';
import type { RunData } from '../run-data.ts';
import { median } from '../statistics/describe.ts';
import type { Figure } from './draw-figure.ts';
import { printedStep } from './printed-step.ts';
import { sizeAxis } from './size-axis.ts';
import { sizeRatioFigure } from './size-ratio-figure.ts';
import { byLeg, figureWidth, shapeByLeg } from './theme.ts';

/** Of a metric with message sizes: the values over the size, and the ratio with its band. Empty for other metrics. */
export function sizesFigures(id: string, run: RunData, analysis: MetricAnalysis): Figure[] {
  // A logarithmic axis has no place for messages without content; the table has.
  const shown = analysis.sizes.filter(({ size }) => size > 0);
  if (shown.length < 2) return [];
  const sizes = shown.map(({ size }) => size);
  return [
    valuesFigure(`${id}-values`, run, analysis, sizes),
    sizeRatioFigure(`${id}-ratio`, analysis, shown, resolution(run, analysis, sizes)),
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

/** One tick a decade; of less than two decades the axis chooses by itself. */
function decades(values: readonly number[]): { values?: number[] } {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  if (!(high - low >= 2)) return {};
  const first = Math.ceil(low);
  return { values: Array.from({ length: Math.floor(high) - first + 1 }, (_, i) => 10 ** (first + i)) };
}
