import type { MetricAnalysis, RunAnalysis } from './analyse-run.ts';
import type { Check } from './check-run.ts';
import { differentBuilds } from './different-builds.ts';
import type { RunData } from './run-data.ts';
import { type Estimate, interval, pValue } from './statistics/crossover.ts';
import { verdictSentence } from './verdict-sentence.ts';

/**
 * A run and its analysis with stable keys. Differences are natural logarithms of the ratio of costs, container to bare metal
 * (0.01 is about 1 % dearer), margins fractions, times seconds since the epoch.
 */
export function reportJson(run: RunData, analysis: RunAnalysis, checks: readonly Check[]): Record<string, unknown> {
  const { pairs, metrics: _definitions, ...about } = run;
  return {
    schema: 1,
    run: about,
    checks,
    different_builds: differentBuilds(run),
    excluded: analysis.excluded,
    metrics: analysis.metrics.map(describeMetric),
    pairs,
  };
}

function describeMetric(one: MetricAnalysis): Record<string, unknown> {
  const { metric, verdict, crossover, hodgesLehmann: ranks } = one;
  const { difference } = verdict;
  return {
    ...metric,
    verdict: verdict.kind,
    sentence: verdictSentence(one),
    decided_by: verdict.by ?? null,
    pairs: one.pairs.length,
    estimate: verdict.estimate?.value ?? null,
    interval95: verdict.interval95 ?? null,
    interval90: verdict.interval90 ?? null,
    equivalence_p: verdict.equivalence?.p ?? null,
    non_inferiority_p: verdict.equivalence?.nonInferiorityP ?? null,
    by_pairs: crossover === undefined ? null : describeEstimate(crossover.container),
    order: crossover === undefined ? null : describeEstimate(crossover.order),
    by_ranks: ranks === undefined ? null : { value: ranks.value, interval95: ranks.interval ?? null },
    permutation_p: difference?.permutation.p ?? null,
    difference:
      difference === undefined
        ? null
        : {
            level: difference.level,
            shown: difference.shown ?? null,
            by_interval: difference.byInterval ?? null,
            attainable: difference.attainable,
            plans: difference.permutation.plans,
          },
    medians: one.medians ?? null,
    allocations: one.allocations,
    fixed_orders: one.fixedOrders,
    scatter: crossover?.standardDeviation ?? null,
    detectable: one.detectable ?? null,
    pairs_to_decide: one.pairsToDecide ?? null,
    outlying: one.outlying,
    sizes: one.sizes,
    with_excluded: one.withExcluded?.kind ?? null,
  };
}

function describeEstimate(estimate: Estimate): Record<string, unknown> {
  return { value: estimate.value, interval95: interval(estimate, 0.95), p: pValue(estimate) };
}
