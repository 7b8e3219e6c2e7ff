import type { MetricAnalysis } from '../analyse-run.ts';
import { mean } from '../statistics/describe.ts';
import { logMargin } from '../statistics/equivalence.ts';
import { toPercent } from '../statistics/pair.ts';
import { percent } from '../verdict-sentence.ts';
import type { Figure } from './draw-figure.ts';
import { numberAxis } from './number-axis.ts';
import { type PairPoint, roomyDomain } from './pair-points.ts';
import { byOrder, colours, figureWidth, shapeByOrder } from './theme.ts';

/** Every pair by itself: two clouds are an order effect, their middle is what the container costs. */
export function pairsFigure(id: string, { metric, verdict }: MetricAnalysis, points: readonly PairPoint[]): Figure {
  const means = byOrder.scale.domain.flatMap((order) => {
    const members = points.filter((point) => point.order === order);
    return members.length === 0 ? [] : [{ order, difference: mean(members.map(({ difference }) => difference)) }];
  });
  const estimate = verdict.estimate === undefined ? [] : [{ estimate: toPercent(verdict.estimate.value) }];
  const domain = roomyDomain([0, ...points.map(({ difference }) => difference)]);
  const margin = logMargin(metric.margin);
  const clamp = (value: number): number => Math.max(domain[0], Math.min(domain[1], value));
  const band = { low: clamp(toPercent(-margin)), high: clamp(toPercent(margin)) };
  const title = 'container costs more by, %';
  const y = { type: 'quantitative', title, scale: { domain, nice: false, zero: false } } as const;
  const whole = { x: { value: 0 }, x2: { value: 'width' } } as const;
  return {
    id,
    title: `${metric.name}: every pair`,
    description: means
      .map(({ order, difference }) => `${order}: mean ${percent(Math.log1p(difference / 100))}`)
      .join('; '),
    caption:
      'How much more the container cost in each pair. Broken lines: the mean of each order; two clouds apart mean that coming second costs ' +
      'something. Solid: the estimate, half-way between them. Shaded: the margin, where it fits in.',
    spec: {
      width: figureWidth,
      height: 300,
      autosize: { type: 'fit', contains: 'padding' },
      layer: [
        {
          data: { values: [band] },
          mark: { type: 'rect', color: colours.band },
          encoding: { ...whole, y: { ...y, field: 'low' }, y2: { field: 'high' } },
        },
        {
          data: { values: [{ zero: 0 }] },
          mark: { type: 'rule', color: colours.muted },
          encoding: { ...whole, y: { ...y, field: 'zero' } },
        },
        {
          data: { values: estimate },
          mark: { type: 'rule', color: colours.ink, strokeWidth: 2 },
          encoding: { ...whole, y: { ...y, field: 'estimate' } },
        },
        ...means.map((one) => ({
          data: { values: [one] },
          mark: {
            type: 'rule' as const,
            strokeWidth: 1.5,
            strokeDash: one.order === 'container first' ? [2, 3] : [8, 3],
          },
          encoding: { ...whole, y: { ...y, field: 'difference' }, color: byOrder },
        })),
        {
          data: { values: [...points] },
          mark: { type: 'point' },
          encoding: {
            x: {
              field: 'pair',
              type: 'quantitative',
              scale: { nice: false, zero: false, padding: 12 },
              axis: { title: 'pair, in the order of the plan', grid: false, tickMinStep: 1, format: 'd' },
            },
            y: { ...y, field: 'difference', axis: numberAxis(title, domain) },
            color: byOrder,
            shape: shapeByOrder,
          },
        },
      ],
    },
  };
}
