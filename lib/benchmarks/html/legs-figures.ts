import type { MetricDefinition } from '../run-data.ts';
import { median } from '../statistics/describe.ts';
import type { Figure } from './draw-figure.ts';
import { numberAxis } from './number-axis.ts';
import { type PairPoint, roomyDomain } from './pair-points.ts';
import { byOrder, colours, figureWidth, shapeByOrder } from './theme.ts';

/** The container against bare metal with the line on which both are the same. */
export function identityFigure(id: string, metric: MetricDefinition, points: readonly PairPoint[]): Figure {
  const domain = roomyDomain(points.flatMap(({ bare, container }) => [bare, container]));
  const scale = { domain, nice: false, zero: false };
  const [low, high] = domain;
  const unit = metric.unit === '' ? '' : `, ${metric.unit}`;
  return {
    id,
    title: `${metric.name}: container against bare metal`,
    description: `${points.length} points around the line of equal values, from ${short(low)} to ${short(high)} ${metric.unit}`,
    caption: `One point a pair. On the line both legs are the same; ${metric.direction === 'lower-is-better' ? 'above' : 'below'} it the container costs more.`,
    spec: {
      width: figureWidth,
      height: 380,
      autosize: { type: 'fit', contains: 'padding' },
      layer: [
        {
          data: { values: [{ low, high }] },
          mark: { type: 'rule', color: colours.muted },
          encoding: {
            x: { field: 'low', type: 'quantitative', scale },
            x2: { field: 'high' },
            y: { field: 'low', type: 'quantitative', scale },
            y2: { field: 'high' },
          },
        },
        {
          data: { values: [...points] },
          mark: { type: 'point' },
          encoding: {
            x: { field: 'bare', type: 'quantitative', scale, axis: numberAxis(`bare metal${unit}`, domain) },
            y: { field: 'container', type: 'quantitative', scale, axis: numberAxis(`container${unit}`, domain) },
            color: byOrder,
            shape: shapeByOrder,
          },
        },
      ],
    },
  };
}

/** Box and all points of both legs, joined by pair. */
export function boxFigure(id: string, metric: MetricDefinition, points: readonly PairPoint[]): Figure {
  const legs = [
    { leg: 'bare metal', at: 0, box: -0.28, values: points.map(({ bare }) => bare) },
    { leg: 'container', at: 1, box: 1.28, values: points.map(({ container }) => container) },
  ];
  const boxes = legs.map(({ box, values }) => ({
    ...quartiles(values),
    left: box - 0.09,
    right: box + 0.09,
    middle: box,
  }));
  // Beside each other by pair, so that equal values are still two points.
  const shift = (i: number): number => 0.16 * (points.length < 2 ? 0 : i / (points.length - 1) - 0.5);
  const joined = points.flatMap(({ pair, order, bare, container }, i) => [
    { pair, order, at: shift(i), value: bare },
    { pair, order, at: 1 + shift(i), value: container },
  ]);
  const domain = roomyDomain(joined.map(({ value }) => value));
  const x = { type: 'quantitative' as const, scale: { domain: [-0.5, 1.5], nice: false } };
  const y = { type: 'quantitative', scale: { domain, nice: false, zero: false } } as const;
  const box = { data: { values: boxes } };
  return {
    id,
    title: `${metric.name}: both legs`,
    description: boxes
      .map(
        (one, i) =>
          `${legs[i]?.leg}: median ${short(one.median)}, from ${short(one.low)} to ${short(one.high)} ${metric.unit}`,
      )
      .join('; '),
    caption:
      'All values, joined by pair. The boxes hold the middle half with the median, their lines reach to the lowest and the highest value.',
    spec: {
      width: figureWidth,
      height: 340,
      autosize: { type: 'fit', contains: 'padding' },
      layer: [
        {
          data: { values: joined },
          mark: { type: 'line', color: colours.muted, strokeWidth: 0.8, opacity: 0.6 },
          encoding: { x: { ...x, field: 'at' }, y: { ...y, field: 'value' }, detail: { field: 'pair' } },
        },
        {
          ...box,
          mark: { type: 'rule', color: colours.ink },
          encoding: { x: { ...x, field: 'middle' }, y: { ...y, field: 'low' }, y2: { field: 'high' } },
        },
        {
          ...box,
          mark: { type: 'rect', fill: colours.band, stroke: colours.ink, fillOpacity: 1 },
          encoding: {
            x: { ...x, field: 'left' },
            x2: { field: 'right' },
            y: { ...y, field: 'q1' },
            y2: { field: 'q3' },
          },
        },
        {
          ...box,
          mark: { type: 'rule', color: colours.ink, strokeWidth: 2.5 },
          encoding: { x: { ...x, field: 'left' }, x2: { field: 'right' }, y: { ...y, field: 'median' } },
        },
        {
          data: { values: joined },
          mark: { type: 'point' },
          encoding: {
            x: {
              ...x,
              field: 'at',
              axis: {
                title: null,
                values: [0, 1],
                labelExpr: "datum.value === 0 ? 'bare metal' : 'container'",
                grid: false,
              },
            },
            y: { ...y, field: 'value', axis: numberAxis(metric.unit, domain) },
            color: byOrder,
            shape: shapeByOrder,
          },
        },
      ],
    },
  };
}

/** Quartiles as the medians of both halves (J. Tukey, Exploratory Data Analysis, 1977: hinges). */
function quartiles(values: readonly number[]): { low: number; q1: number; median: number; q3: number; high: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.ceil(sorted.length / 2);
  return {
    low: sorted[0] ?? Number.NaN,
    q1: median(sorted.slice(0, half)),
    median: median(sorted),
    q3: median(sorted.slice(-half)),
    high: sorted.at(-1) ?? Number.NaN,
  };
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
