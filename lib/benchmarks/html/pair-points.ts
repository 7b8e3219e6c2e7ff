import { exclusionReason } from '../examine-pair.ts';
import { metricValue } from '../metric-value.ts';
import type { MetricDefinition, RunData } from '../run-data.ts';
import { toLogPair, toPercent } from '../statistics/pair.ts';

/** A pair that counts, as the figures show it. */
export interface PairPoint {
  /** Of all planned pairs, from 1. */
  pair: number;
  allocation: number;
  order: 'bare metal first' | 'container first';
  bare: number;
  container: number;
  /** What the container costs more, in per cent. */
  difference: number;
}

/** The pairs that count and have this metric, in the order of the plan. */
export function pairPoints(run: RunData, metric: MetricDefinition): PairPoint[] {
  return run.pairs.flatMap((pair, i) => {
    const [bare, container] = [metricValue(metric, pair.bare), metricValue(metric, pair.container)];
    if (bare === undefined || container === undefined || exclusionReason(pair, run) !== undefined) return [];
    const { difference } = toLogPair({ ...pair, bare, container }, metric.direction);
    const order = pair.sequence === 'bare-first' ? 'bare metal first' : 'container first';
    return [{ pair: i + 1, allocation: pair.allocation, order, bare, container, difference: toPercent(difference) }];
  });
}

/** Lowest and highest of the values with some room around them, so that no point lies on the edge. */
export function roomyDomain(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? 0.06 * (high - low) : Math.abs(high) * 0.01 || 1;
  return [low - room, high + room];
}
