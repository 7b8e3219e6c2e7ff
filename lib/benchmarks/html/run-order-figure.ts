import { exclusionReason } from '../examine-pair.ts';
import { metricValue } from '../metric-value.ts';
import type { Leg, MetricDefinition, RunData } from '../run-data.ts';
import type { Figure } from './draw-figure.ts';
import { numberAxis } from './number-axis.ts';
import { roomyDomain } from './pair-points.ts';
import { byLeg, colours, figureWidth, shapeByLeg } from './theme.ts';

interface OrderedLeg {
  /** Position among all legs that have run, from 1. */
  order: number;
  allocation: number;
  leg: 'bare metal' | 'container';
  run: Leg;
  /** False: its pair is excluded. */
  counts: boolean;
}

/** Covariates worth a figure of their own, as the job names them behind `before-` and `after-`, and how people write them. */
const readings = [
  { name: 'temperature-celsius', title: 'temperature', unit: '°C' },
  { name: 'frequency-mhz', title: 'clock frequency', unit: 'MHz' },
];

const cross = 'M-0.6,-0.6L0.6,0.6M-0.6,0.6L0.6,-0.6';

const inOrder =
  'Legs in the order in which they ran, allocation after allocation; vertical lines part the allocations.';

/** Results in the order in which the legs ran; empty with fewer than two. */
export function runOrderFigures(id: string, run: RunData, metric: MetricDefinition): Figure[] {
  const legs = orderedLegs(run);
  const results = legs.flatMap((one) => {
    const value = metricValue(metric, one.run);
    return value === undefined ? [] : [{ order: one.order, leg: one.leg, value, counts: one.counts }];
  });
  if (results.length < 2) return [];
  const title = `${metric.name}: run order against result`;
  const crossed = results.every(({ counts }) => counts) ? '' : ' Crossed out: the pair does not count.';
  return [scatter(id, title, metric.unit, `${inOrder}${crossed}`, results, legs)];
}

/** Temperature and frequency in the order in which the legs ran, where they could be read. */
export function readingFigures(run: RunData): Figure[] {
  const legs = orderedLegs(run);
  return readings.flatMap(({ name, title, unit }) => {
    const read = legs.flatMap(({ order, leg, run: { covariates } }) => {
      const text = covariates[`after-${name}`] ?? covariates[name];
      const value = Number(text);
      return text === undefined || text === '' || !Number.isFinite(value) ? [] : [{ order, leg, value, counts: true }];
    });
    const what = `The node's ${title} at the end of each leg. ${inOrder}`;
    return read.length < 2 ? [] : [scatter(name, `Run order against ${title}`, unit, what, read, legs)];
  });
}

function orderedLegs(run: RunData): OrderedLeg[] {
  const legs = run.pairs.flatMap((pair) => {
    const { allocation, bare, container } = pair;
    const about = { allocation, counts: exclusionReason(pair, run) === undefined };
    return [
      ...(bare === undefined ? [] : [{ ...about, leg: 'bare metal' as const, run: bare }]),
      ...(container === undefined ? [] : [{ ...about, leg: 'container' as const, run: container }]),
    ];
  });
  legs.sort((a, b) => a.allocation - b.allocation || a.run.started - b.run.started);
  return legs.map((one, i) => ({ ...one, order: i + 1 }));
}

function scatter(
  id: string,
  title: string,
  unit: string,
  caption: string,
  values: { order: number; leg: string; value: number; counts: boolean }[],
  legs: readonly OrderedLeg[],
): Figure {
  const domain = roomyDomain(values.map(({ value }) => value));
  const borders = legs.filter(({ allocation }, i) => i > 0 && legs[i - 1]?.allocation !== allocation);
  const x = { type: 'quantitative' as const, scale: { domain: [0, legs.length + 1], nice: false } };
  return {
    id,
    title,
    description: `${values.length} values from ${Math.min(...values.map(({ value }) => value))} to ${Math.max(...values.map(({ value }) => value))} ${unit}`,
    caption,
    spec: {
      width: figureWidth,
      height: 260,
      autosize: { type: 'fit', contains: 'padding' },
      layer: [
        {
          data: { values: borders.map(({ order }) => ({ order: order - 0.5 })) },
          mark: { type: 'rule', color: colours.muted, strokeDash: [2, 3] },
          encoding: { x: { ...x, field: 'order' } },
        },
        {
          data: { values },
          mark: { type: 'point' },
          encoding: {
            x: { ...x, field: 'order', axis: { title: 'run', grid: false, tickMinStep: 1, format: 'd' } },
            y: {
              field: 'value',
              type: 'quantitative',
              scale: { domain, nice: false, zero: false },
              axis: numberAxis(unit, domain),
            },
            color: byLeg,
            shape: shapeByLeg,
          },
        },
        {
          data: { values: values.filter(({ counts }) => !counts) },
          mark: { type: 'point', shape: cross, filled: false, stroke: colours.ink, strokeWidth: 1.5, size: 160 },
          encoding: {
            x: { ...x, field: 'order' },
            y: { field: 'value', type: 'quantitative', scale: { domain, nice: false, zero: false } },
          },
        },
      ],
    },
  };
}
