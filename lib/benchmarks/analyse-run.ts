import { fewestPairs } from './draw-plan.ts';
import { exclusionReason } from './examine-pair.ts';
import { metricValue } from './metric-value.ts';
import type { CollectedPair, Leg, MetricDefinition, RunData } from './run-data.ts';
import { allocationDf, type AllocationEffect, allocationEffects } from './statistics/allocations.ts';
import { analyseCrossover, type Crossover } from './statistics/crossover.ts';
import { median } from './statistics/describe.ts';
import { equivalenceLevel, logMargin } from './statistics/equivalence.ts';
import { type FixedOrderClaim, fixedOrderClaim } from './statistics/fixed-order.ts';
import { type HodgesLehmann, hodgesLehmann } from './statistics/hodges-lehmann.ts';
import { maxT, type SimultaneousEffect } from './statistics/max-t.ts';
import { outlyingIndices } from './statistics/outliers.ts';
import { type LogPair, toLogPair } from './statistics/pair.ts';
import { smallestDetectable } from './statistics/power.ts';
import { decideVerdict, pairsToDecide, type Verdict } from './statistics/verdict.ts';

/** A pair that does not count, and why. */
export interface ExcludedPair {
  allocation: number;
  position: number;
  reason: string;
}

/** All that is computed for one metric; differences on the logarithmic scale. */
export interface MetricAnalysis {
  metric: MetricDefinition;
  /** True: both legs are bare metal. */
  aa: boolean;
  /** Pairs that count, in the order of the plan. */
  pairs: LogPair[];
  /** In the metric's own unit; for a metric with message sizes the geometric mean over them. */
  medians: { bare: number; container: number } | undefined;
  verdict: Verdict;
  crossover: Crossover | undefined;
  hodgesLehmann: HodgesLehmann | undefined;
  allocations: AllocationEffect[];
  fixedOrders: FixedOrderClaim[];
  /** Indices into `pairs`. */
  outlying: number[];
  /** The smallest true difference that so many pairs with this scatter show with a chance of 80 %; undefined if they show none. */
  detectable: number | undefined;
  pairsToDecide: number | undefined;
  /** By message size, corrected for their number. */
  sizes: { size: number; effect: SimultaneousEffect }[];
  /** The verdict if the excluded pairs that have values counted as well; undefined if there are none. */
  withExcluded: Verdict | undefined;
}

export interface RunAnalysis {
  excluded: ExcludedPair[];
  metrics: MetricAnalysis[];
}

/** The metrics on which a decision rests. */
export function decidingMetrics({ metrics }: RunAnalysis): MetricAnalysis[] {
  const named = metrics.filter(({ metric }) => metric.decides === true);
  return named.length > 0 ? named : metrics.slice(0, 1);
}

/** Computes everything that a report of the run says. Pure: the same data give the same answer. */
export function analyseRun(run: RunData): RunAnalysis {
  const counted = run.pairs.filter((pair) => exclusionReason(pair, run) === undefined);
  const metrics = run.metrics.filter(({ name, if_printed, decides }) => !if_printed || decides || isPrinted(name, run));
  return { excluded: excludedPairs(run), metrics: metrics.map((metric) => analyseMetric(metric, run, counted)) };
}

function isPrinted(metric: string, { pairs }: RunData): boolean {
  const legs = pairs.flatMap(({ bare, container }) => [bare, container]);
  return legs.some((leg) => leg?.measurements.some((one) => one.metric === metric));
}

/** The pairs that do not count, in the order of the plan. */
export function excludedPairs(run: RunData): ExcludedPair[] {
  return run.pairs.flatMap((pair) => {
    const reason = exclusionReason(pair, run);
    return reason === undefined ? [] : [{ allocation: pair.allocation, position: pair.position, reason }];
  });
}

function analyseMetric(metric: MetricDefinition, run: RunData, counted: CollectedPair[]): MetricAnalysis {
  const pairs = logPairsOf(metric, counted);
  const margin = logMargin(metric.margin);
  const everything = logPairsOf(metric, run.pairs);
  const crossover = analyseCrossover(pairs);
  const question = { margin, aa: run.aa };
  const verdict = decideVerdict(pairs, question);
  return {
    metric,
    aa: run.aa,
    pairs,
    medians: mediansOf(metric, counted),
    verdict,
    crossover,
    hodgesLehmann: hodgesLehmann(pairs, 0.95),
    allocations: allocationEffects(pairs),
    fixedOrders: (['bare-first', 'container-first'] as const)
      .map((sequence) => fixedOrderClaim(pairs, sequence))
      .filter((claim) => claim !== undefined),
    outlying: outlyingPairs(pairs),
    detectable: detectableBy(verdict, crossover, pairs),
    pairsToDecide: verdict.kind === 'inconclusive' ? enoughPairs(pairs, margin) : undefined,
    sizes: sizeEffects(metric, counted),
    withExcluded: everything.length > pairs.length ? decideVerdict(everything, question) : undefined,
  };
}

/** By their scatter, and so many that they can be drawn in enough ways. */
function enoughPairs(pairs: LogPair[], margin: number): number | undefined {
  const needed = pairsToDecide(pairs, margin);
  return needed && Math.max(needed, fewestPairs(equivalenceLevel));
}

function detectableBy({ difference }: Verdict, crossover: Crossover | undefined, pairs: LogPair[]): number | undefined {
  if (crossover === undefined || difference === undefined) return undefined;
  const { attainable, level } = difference;
  if (!attainable || crossover.standardDeviation === 0) return undefined;
  return smallestDetectable(pairs.length, crossover.standardDeviation, level, allocationDf(pairs));
}

/** The order effect is taken off first: otherwise all pairs of one sequence would look outlying. */
function outlyingPairs(pairs: LogPair[]): number[] {
  const centre = { 'bare-first': 0, 'container-first': 0 };
  for (const sequence of ['bare-first', 'container-first'] as const) {
    centre[sequence] = median(pairs.filter((pair) => pair.sequence === sequence).map(({ difference }) => difference));
  }
  return outlyingIndices(pairs.map(({ sequence, difference }) => difference - centre[sequence]));
}

/** The pairs of which both legs have this metric. Over message sizes the geometric mean of the ratios is the difference. */
function logPairsOf(metric: MetricDefinition, pairs: CollectedPair[]): LogPair[] {
  return pairs.flatMap((pair) => {
    const [bare, container] = [metricValue(metric, pair.bare), metricValue(metric, pair.container)];
    return bare === undefined || container === undefined
      ? []
      : [toLogPair({ ...pair, bare, container }, metric.direction)];
  });
}

function mediansOf(metric: MetricDefinition, pairs: CollectedPair[]): MetricAnalysis['medians'] {
  const values = (leg: 'bare' | 'container'): number[] =>
    pairs.map((pair) => metricValue(metric, pair[leg])).filter((value) => value !== undefined);
  const [bare, container] = [median(values('bare')), median(values('container'))];
  return Number.isNaN(bare) || Number.isNaN(container) ? undefined : { bare, container };
}

function sizeEffects(metric: MetricDefinition, pairs: CollectedPair[]): MetricAnalysis['sizes'] {
  const measured = pairs.flatMap(({ bare }) => bare?.measurements ?? []).filter((one) => one.metric === metric.name);
  const sizes = [...new Set(measured.map(({ size }) => size))]
    .filter((size) => size !== undefined)
    .sort((a, b) => a - b);
  const only = (leg: Leg | undefined, size: number): Leg | undefined =>
    leg && { ...leg, measurements: leg.measurements.filter((one) => one.size === size) };
  const bySize = sizes.map((size) => ({
    size,
    pairs: logPairsOf(
      metric,
      pairs.map((pair) => ({ ...pair, bare: only(pair.bare, size), container: only(pair.container, size) })),
    ),
  }));
  // One relabelling serves all sizes, so that only sizes count which all pairs have.
  const all = logPairsOf(metric, pairs).length;
  const common = bySize.filter((one) => one.pairs.length === all);
  const effects = maxT(common.map((one) => one.pairs)) ?? [];
  return effects.flatMap((effect, i) => (common[i] === undefined ? [] : [{ size: common[i].size, effect }]));
}
