import type { MetricAnalysis } from '../analyse-run.ts';
import { logMargin } from '../statistics/equivalence.ts';
import { toPercent } from '../statistics/pair.ts';
import { percent } from '../verdict-sentence.ts';
import type { Figure } from './draw-figure.ts';
import { numberAxis } from './number-axis.ts';
import { roomyDomain } from './pair-points.ts';
import { sizeAxis } from './size-axis.ts';
import { colours, figureWidth } from './theme.ts';

/**
 * The difference by message size with its band; `steps` says by size how many per cent one step of the last printed digit is.
 */
export function sizeRatioFigure(
  id: string,
  { metric, verdict }: MetricAnalysis,
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
  const beyond = sizes.filter(({ effect: { interval, p } }) => p < 0.05 && (interval[0] > 0 || interval[1] < 0));
  const attainable = verdict.difference?.attainable === true;
  const x = sizeAxis(sizes.map(({ size }) => size));
  return {
    id,
    title: `${metric.name}: difference by message size`,
    description:
      beyond.length === 0
        ? 'No size shows a difference'
        : beyond.map(({ size, effect }) => `${size} bytes: ${percent(effect.value)}`).join('; '),
    caption:
      'How much more the container costs. ' +
      (attainable
        ? 'The band around the line holds at all sizes together with 95 % (max-T); where it leaves 0 there is a difference. '
        : 'So few pairs cannot show a difference at any size, also where the band around the line leaves 0. ') +
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
