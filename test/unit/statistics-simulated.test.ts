import { describe, expect, it } from '@jest/globals';

import { drawPlan, type PlannedPair } from '../../lib/benchmarks/draw-plan.ts';
import { analyseCrossover, interval } from '../../lib/benchmarks/statistics/crossover.ts';
import { logMargin } from '../../lib/benchmarks/statistics/equivalence.ts';
import { fixedOrderClaim } from '../../lib/benchmarks/statistics/fixed-order.ts';
import { hodgesLehmann } from '../../lib/benchmarks/statistics/hodges-lehmann.ts';
import type { LogPair } from '../../lib/benchmarks/statistics/pair.ts';
import { permutationTest } from '../../lib/benchmarks/statistics/permutation.ts';
import { type Random, seededRandom } from '../../lib/benchmarks/statistics/random.ts';
import { decideVerdict } from '../../lib/benchmarks/statistics/verdict.ts';

const experiments = 2000;

interface Truth {
  container: number;
  order: number;
  /** Of one run, normal. */
  deviation: number;
  allocations: number;
}

/** A normal random number by the polar method's ancestor (Box and Muller, Ann. Math. Stat. 29, 1958). */
function normal(random: Random): number {
  const uniform = (): number => (random.below(2 ** 32) + 0.5) / 2 ** 32;
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function simulate(truth: Truth, seed: string): LogPair[] {
  const random = seededRandom(`noise ${seed}`);
  return drawPlan(seed, 20, truth.allocations).pairs.map(({ sequence, allocation, block }: PlannedPair) => {
    const sign = sequence === 'bare-first' ? 1 : -1;
    const noise = (normal(random) - normal(random)) * truth.deviation;
    return { sequence, allocation, block, difference: truth.container + sign * truth.order + noise };
  });
}

/** Of the experiments the share for which each of these holds. */
function shares<Name extends string>(
  truth: Truth,
  examine: (pairs: LogPair[]) => Record<Name, boolean>,
): Record<Name, number> {
  const counts = {} as Record<Name, number>;
  for (let i = 0; i < experiments; i += 1) {
    for (const [name, holds] of Object.entries(examine(simulate(truth, `${i}`))) as [Name, boolean][]) {
      counts[name] = (counts[name] ?? 0) + (holds ? 1 / experiments : 0);
    }
  }
  return counts;
}

const contains = (bounds: readonly [number, number] | undefined, truth: number): boolean =>
  bounds !== undefined && bounds[0] <= truth && truth <= bounds[1];

/** The thesis' machine: the second run of a pair is 1.48 % slower, whichever leg it is. */
const hot: Truth = { container: 0, order: Math.log(1.0148), deviation: 0.002, allocations: 5 };

describe(`${experiments} simulated experiments with 20 pairs each`, () => {
  it.each([
    ['no effect, hot machine', hot],
    ['1 % cheaper, noisy machine', { container: Math.log(0.99), order: 0, deviation: 0.05, allocations: 1 }],
  ])('the 95 %% intervals hold the truth in 93 to 97 of 100: %s', (_name, truth) => {
    const found = shares(truth, (pairs) => {
      const estimate = analyseCrossover(pairs)?.container;
      return {
        crossover: estimate !== undefined && contains(interval(estimate, 0.95), truth.container),
        ranks: contains(hodgesLehmann(pairs, 0.95)?.interval, truth.container),
      };
    });
    expect(found.crossover).toBeGreaterThanOrEqual(0.93);
    expect(found.crossover).toBeLessThanOrEqual(0.97);
    // Moses' interval for ten and ten pairs holds with 95.7 %: ranks come in steps.
    expect(found.ranks).toBeGreaterThanOrEqual(0.93);
    expect(found.ranks).toBeLessThanOrEqual(0.975);
  });

  it('finds no difference where there is none, which a fixed order never does', () => {
    const found = shares(hot, (pairs) => {
      const { kind, interval95 } = decideVerdict(pairs, logMargin(0.005));
      return {
        held: contains(interval95, 0),
        slower: kind === 'slower',
        equivalent: kind === 'equivalent',
        bareFirst: fixedOrderClaim(pairs, 'bare-first')?.claim === 'slower',
        containerFirst: fixedOrderClaim(pairs, 'container-first')?.claim === 'faster',
      };
    });
    // The wider of two intervals decides, so it may only hold more often than it says.
    expect(found.held).toBeGreaterThanOrEqual(0.95);
    expect(found.slower).toBeLessThanOrEqual(0.025);
    expect(found.equivalent).toBeGreaterThan(0.9);
    expect(found.bareFirst).toBeCloseTo(1, 9);
    expect(found.containerFirst).toBeCloseTo(1, 9);
  });

  it('takes the same program twice on a noisy machine for slower no more often than the level allows', () => {
    const noisy = { container: 0, order: 0, deviation: 0.05, allocations: 1 };
    const found = shares(noisy, (pairs) => ({ slower: /slower/.test(decideVerdict(pairs, logMargin(0.01)).kind) }));
    // 2.5 %, and three standard errors of a share of 2,000.
    expect(found.slower).toBeLessThanOrEqual(0.0355);
  });

  it.each([
    ['quiet', 0.0005, 0],
    // By chance 2.5 of 100 are.
    ['noisy', 0.02, 1],
  ])('calls the same program twice slower than the margin in 20 seeded runs: %s machine', (_name, deviation, most) => {
    const truth = { container: 0, order: Math.log(1.0148), deviation, allocations: 5 };
    const verdicts = Array.from({ length: 20 }, (_, i) => decideVerdict(simulate(truth, `${i}`), logMargin(0.01)).kind);
    expect(verdicts.filter((kind) => kind === 'slower').length).toBeLessThanOrEqual(most);
  });

  it('sees 2 % as 2 %', () => {
    const dearer = { ...hot, container: Math.log(1.02) };
    const found = shares(dearer, (pairs) => ({ slower: decideVerdict(pairs, logMargin(0.01)).kind === 'slower' }));
    expect(found.slower).toBeCloseTo(1, 9);
  });

  it('rejects by permutation as often as the level says', () => {
    const found = shares({ ...hot, allocations: 1 }, (pairs) => ({
      rejected: permutationTest(pairs.slice(0, 12)).p <= 0.1,
    }));
    expect(found.rejected).toBeGreaterThan(0.07);
    expect(found.rejected).toBeLessThanOrEqual(0.115);
  });
});
