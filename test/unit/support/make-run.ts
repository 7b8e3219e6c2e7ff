import { drawPlan } from '../../../lib/benchmarks/draw-plan.ts';
import type { CollectedPair, Leg, RunData } from '../../../lib/benchmarks/run-data.ts';
import { seededRandom } from '../../../lib/benchmarks/statistics/random.ts';

export function leg(gflops: number, more: Partial<Leg> = {}): Leg {
  return {
    measurements: [{ metric: 'gflops', value: gflops }],
    parameters: { N: '4000' },
    nodes: ['c1', 'c2'],
    started: 0,
    ended: 1,
    covariates: {},
    output: 'out',
    outputSha256: '00',
    invalid: undefined,
    ...more,
  };
}

/** A run whose second runs are 1.48 % slower and whose container costs `cost`, with a scatter of 0.1 %. */
export function makeRun(
  cost: number,
  change: (pair: CollectedPair, index: number) => CollectedPair = (pair) => pair,
  count: { pairs: number; allocations: number } = { pairs: 20, allocations: 5 },
): RunData {
  const random = seededRandom('report');
  const scatter = (): number => Math.exp((random.below(2001) - 1000) / 1e6);
  const pairs = drawPlan('7', count.pairs, count.allocations).pairs.map((pair) => {
    const bareFirst = pair.sequence === 'bare-first';
    const bare = leg((900 / (bareFirst ? 1 : 1.0148)) * scatter());
    const container = leg((900 / (bareFirst ? 1.0148 : 1) / cost) * scatter());
    return { ...pair, bare, container };
  });
  return {
    name: 'hpl-2026-11-22.1',
    benchmark: 'hpl',
    summary: 'High-Performance Linpack',
    image: { name: 'hpl', tag: '2026-11-22.1', sha256: 'ab'.repeat(32) },
    aa: false,
    seed: '7',
    generator: 'sha256-xoshiro128**-1',
    created: 1_800_000_000,
    createdBy: 'admin1',
    jobs: [12],
    metrics: [{ name: 'gflops', unit: 'Gflop/s', direction: 'higher-is-better', margin: 0.01 }],
    requested: { N: '4000' },
    allocations: count.allocations,
    warmUps: Array.from({ length: count.allocations }, (_, allocation) => ({
      submission: 1,
      allocation,
      legs: ['bare', 'container'],
    })),
    pairs: pairs.map(change),
  };
}
