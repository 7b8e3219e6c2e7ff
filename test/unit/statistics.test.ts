import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { allocationEffects, acrossAllocations } from '../../lib/benchmarks/statistics/allocations.ts';
import { analyseCrossover, interval, pValue, tStatistic } from '../../lib/benchmarks/statistics/crossover.ts';
import { normalCdf, tCdf, tQuantile } from '../../lib/benchmarks/statistics/distributions.ts';
import { equivalenceTest, logMargin, marginTest } from '../../lib/benchmarks/statistics/equivalence.ts';
import { fixedOrderClaim } from '../../lib/benchmarks/statistics/fixed-order.ts';
import { hodgesLehmann } from '../../lib/benchmarks/statistics/hodges-lehmann.ts';
import { maxT } from '../../lib/benchmarks/statistics/max-t.ts';
import { outlyingIndices } from '../../lib/benchmarks/statistics/outliers.ts';
import { type LogPair, type MeasuredPair, toLogPair, toPercent } from '../../lib/benchmarks/statistics/pair.ts';
import { permutationTest } from '../../lib/benchmarks/statistics/permutation.ts';
import { pairsNeeded, power, smallestDetectable } from '../../lib/benchmarks/statistics/power.ts';
import { randomFrom, seededRandom, shuffled } from '../../lib/benchmarks/statistics/random.ts';
import { rankSumCdf, rankSumQuantile } from '../../lib/benchmarks/statistics/rank-sum.ts';
import { decideVerdict, pairsToDecide } from '../../lib/benchmarks/statistics/verdict.ts';

const fixtures = 'test/fixtures/statistics';
const oracle = JSON.parse(readFileSync(`${fixtures}/stats-oracle.json`, 'utf8'));

/** The oracle takes ln(container / bare) of rates, which is minus the cost. */
const rates: MeasuredPair[] = oracle.pairs.map(
  ({ order, bare, container }: { order: MeasuredPair['sequence']; bare: number; container: number }) => ({
    sequence: order,
    allocation: 0,
    block: 0,
    bare,
    container,
  }),
);
const pairs = rates.map((pair) => toLogPair(pair, 'lower-is-better'));

const expectNear = (value: number | undefined, expected: number, digits = 10): void =>
  expect(value).toBeCloseTo(expected, digits);

function given<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('there is no answer');
  return value;
}

function logPairs(bareFirst: number[], containerFirst: number[]): LogPair[] {
  const make = (sequence: LogPair['sequence']) => (difference: number) =>
    ({ sequence, difference, allocation: 0, block: 0 }) satisfies LogPair;
  return [...bareFirst.map(make('bare-first')), ...containerFirst.map(make('container-first'))];
}

describe('distributions', () => {
  it.each([
    // Closed forms: Cauchy's distribution for one degree of freedom, 1/2 + t / (2·√(2 + t²)) for two.
    [1, 1, 0.75],
    [-3, 1, 0.5 + Math.atan(-3) / Math.PI],
    [2, 2, 0.5 + 2 / (2 * Math.sqrt(6))],
    [-40, 2, 0.5 - 40 / (2 * Math.sqrt(1602))],
  ])('t %p with %p degrees of freedom', (t, df, expected) => {
    expect(Math.abs(tCdf(t, df) / expected - 1)).toBeLessThan(1e-11);
  });

  it.each([
    // Tables of critical values.
    [0.975, 1, 12.706204736432095],
    [0.975, 18, 2.10092204024096],
    [0.95, 18, 1.7340636066175354],
    [0.975, 1_000_000, 1.9599663568],
    [0.025, 4, -2.7764451051977987],
  ])('t quantile %p with %p degrees of freedom', (probability, df, expected) =>
    expectNear(tQuantile(probability, df), expected, 9),
  );

  it.each([
    [0, 0.5],
    [1.959963984540054, 0.975],
    [-1, 0.15865525393145707],
    [-10, 7.61985302416047e-24],
  ])('normal %p', (z, expected) => expect(Math.abs(normalCdf(z) / expected - 1)).toBeLessThan(1e-11));

  it('counts rank sums', () => {
    expect(rankSumQuantile(0.025, 10, 10)).toBe(24);
    // Of the C(4, 2) = 6 ways one has U = 0, one 1, two 2, one 3, one 4.
    expect([0, 1, 2, 3, 4].map((u) => Math.round(rankSumCdf(2, 2)(u) * 6))).toEqual([1, 2, 4, 5, 6]);
    const [exact, approximate] = [rankSumCdf(49, 49), rankSumCdf(50, 49)];
    expectNear(exact(1200.5), 0.5, 2);
    expectNear(approximate(1224), 0.5, 2);
  });
});

describe('the crossover analysis', () => {
  it('agrees with the oracle', () => {
    const { container, order, standardDeviation } = given(analyseCrossover(pairs));
    const { tau, pi, se, df, ci95, ci90, t, p, sd_within_sequence: deviation } = oracle.crossover;
    expectNear(container.value, tau, 14);
    expectNear(order.value, pi, 14);
    expectNear(container.standardError, se, 14);
    expectNear(standardDeviation, deviation, 14);
    expect(container.df).toBe(df);
    expectNear(tStatistic(container), t);
    expectNear(pValue(container), p);
    for (const [level, bounds] of [
      [0.95, ci95],
      [0.9, ci90],
    ]) {
      const found = interval(container, level);
      expectNear(found[0], bounds[0], 13);
      expectNear(found[1], bounds[1], 13);
    }
  });

  it("agrees with what SAS prints for Senn's asthma trial", () => {
    // Peak expiratory flow: formoterol less salbutamol, first those who got formoterol first.
    const trial = logPairs([40, 50, 70, 20, 40, 30, -35], [15, 90, 30, 30, 80, 130]);
    const { container, order } = given(analyseCrossover(trial));
    expectNear(container.value, 46.607, 3);
    expectNear(container.standardError, 10.777, 3);
    expectNear(tStatistic(container), 4.325, 3);
    expectNear(interval(container, 0.95)[0], 22.888, 3);
    expectNear(interval(container, 0.95)[1], 70.326, 3);
    expectNear(order.value, -15.893, 3);
  });

  it('needs both sequences and a degree of freedom', () => {
    expect(analyseCrossover(logPairs([1, 2, 3], []))).toBeUndefined();
    expect(analyseCrossover(logPairs([1], [2]))).toBeUndefined();
    expect(analyseCrossover(logPairs([1, 3], [2]))).toMatchObject({ container: { value: 2, df: 1 } });
  });

  it('stands runs that do not scatter at all', () => {
    const { container } = given(analyseCrossover(logPairs([0, 0], [0, 0])));
    expect([container.value, pValue(container), interval(container, 0.95)]).toEqual([0, 1, [0, 0]]);
    const { container: dearer } = given(analyseCrossover(logPairs([1, 1], [1, 1])));
    expect([dearer.value, pValue(dearer)]).toEqual([1, 0]);
  });
});

describe('analyses without normality', () => {
  it('Hodges and Lehmann, Moses', () => {
    const found = given(hodgesLehmann(pairs, 0.95));
    expectNear(found.value, oracle.hodges_lehmann.tau, 14);
    expect(found.rank).toBe(oracle.hodges_lehmann.moses_k);
    expectNear(found.interval?.[0], oracle.hodges_lehmann.ci95[0], 14);
    expectNear(found.interval?.[1], oracle.hodges_lehmann.ci95[1], 14);
  });

  it('gives no interval where so few pairs cannot reach the level', () => {
    // Three and three: the widest interval holds with 1 - 2/20 = 90 %.
    expect(hodgesLehmann(logPairs([1, 2, 3], [4, 5, 6]), 0.95)?.interval).toBeUndefined();
    expect(hodgesLehmann(logPairs([1, 2, 3], [4, 5, 6]), 0.9)?.interval).toBeDefined();
    expect(hodgesLehmann(logPairs([1], []), 0.95)).toBeUndefined();
  });

  it('permutes all labels of one block', () => {
    const { p, plans, exact } = permutationTest(pairs);
    expect([plans, exact]).toEqual([oracle.permutation_label_exact.n_perm, true]);
    expectNear(p, oracle.permutation_label_exact.p, 12);
  });

  it('permutes only plans that could have been drawn', () => {
    // Two blocks of one pair each way: four plans. Container dearer by 1 in all: only the plan itself and its mirror reach it.
    const blocks: LogPair[] = [0, 0, 1, 1].map((block, i) => ({
      sequence: i % 2 === 0 ? 'bare-first' : 'container-first',
      difference: 1,
      block,
      allocation: 0,
    }));
    expect(permutationTest(blocks)).toEqual({
      p: 0.5,
      slowerP: 0.25,
      fasterP: 1,
      leastP: 0.25,
      plans: 4,
      exact: true,
    });
  });

  it('draws plans if there are too many, always the same ones', () => {
    const many = Array.from({ length: 10 }, (_, block) => pairs.slice(0, 4).map((pair) => ({ ...pair, block }))).flat();
    const first = permutationTest(many);
    expect(first).toMatchObject({ plans: 20_000, exact: false });
    expect(permutationTest(many)).toEqual(first);
  });
});

describe('equivalence', () => {
  it('agrees with the oracle', () => {
    const { container } = given(analyseCrossover(pairs));
    expectNear(logMargin(0.005), oracle.tost_0_5_percent.margin_log, 14);
    expectNear(marginTest(container, logMargin(0.005)).p, oracle.tost_0_5_percent.p, 14);
  });

  it('is shown exactly if the 90 % interval lies within the margin', () => {
    const { container } = given(analyseCrossover(pairs));
    const reach = Math.max(...interval(container, 0.9).map(Math.abs));
    expect(marginTest(container, reach * 1.0001).p).toBeLessThan(0.05);
    expect(marginTest(container, reach * 0.9999).p).toBeGreaterThan(0.05);
    expectNear(marginTest(container, interval(container, 0.9)[1]).nonInferiorityP, 0.05, 10);
  });

  it('is shown only if the plans that could have been drawn show it, too', () => {
    const few = logPairs([0.001, -0.001], [0.001, -0.001]);
    const { container } = given(analyseCrossover(few));
    const margin = logMargin(0.01);
    // With a margin on top the real plan is the dearest of six, and the cheapest with one taken off.
    expect(equivalenceTest(few, container, margin)).toEqual({
      margin,
      p: 1 / 6,
      nonInferiorityP: 1 / 6,
      byInterval: marginTest(container, margin),
      attainable: false,
    });
    expect(marginTest(container, margin).p).toBeLessThan(0.05);
    const enough = [0, 1].flatMap((block) => few.map((pair) => ({ ...pair, block })));
    const tested = equivalenceTest(enough, given(analyseCrossover(enough)).container, margin);
    expect(tested).toMatchObject({ p: 1 / 36, nonInferiorityP: 1 / 36, attainable: true });
    expect(equivalenceTest(enough, container, 0.0001).p).toBeGreaterThan(0.3);
  });

  it.each([0, -1, Number.NaN, Infinity])('refuses the margin %p', (margin) =>
    expect(() => logMargin(margin)).toThrow(/margin/),
  );
});

describe('what a fixed order would have claimed', () => {
  it('is wrong in both directions on the same data', () => {
    const bare = fixedOrderClaim(pairs, 'bare-first');
    const container = fixedOrderClaim(pairs, 'container-first');
    expectNear(bare?.value, oracle.naive_bare_first_only.mean, 14);
    expectNear(bare?.p, oracle.naive_bare_first_only.p, 14);
    expectNear(container?.value, oracle.naive_container_first_only.mean, 14);
    expectNear(container?.p, oracle.naive_container_first_only.p, 14);
    // The oracle counts rates, so its "more" is "faster": as costs the claims are the other way round.
    expect([bare?.claim, container?.claim]).toEqual(['faster', 'slower']);
  });
});

describe('power', () => {
  // Pairs by standard deviation in per cent: to detect 0.5 % (80 %, 90 %), to show ± 0.5 %, to detect 1 % (80, 90), to show ± 1 %.
  it.each([
    [0.3, [6, 8, 6, 4, 6, 4]],
    [0.5, [12, 14, 12, 6, 6, 6]],
    [0.7, [18, 24, 20, 8, 8, 8]],
    [1, [34, 46, 36, 12, 14, 12]],
    [2, [128, 172, 140, 34, 46, 36]],
    [10, [3142, 4206, 3428, 788, 1054, 858]],
  ])('needs with %p %% these pairs', (percent, expected) => {
    const deviation = percent / 100;
    const detect = (effect: number, wanted: number) => pairsNeeded({ kind: 'difference', effect }, deviation, wanted);
    const show = (margin: number) => pairsNeeded({ kind: 'equivalence', margin, effect: 0 }, deviation);
    const found = [0.005, 0.01].flatMap((size) => [detect(size, 0.8), detect(size, 0.9), show(size)]);
    expect(found).toEqual(expected);
  });

  it('is the significance level where there is no effect, and out of reach on the margin itself', () => {
    expectNear(power({ kind: 'difference', effect: 0 }, 20, 0.01), 0.05, 8);
    expect(pairsNeeded({ kind: 'equivalence', margin: 0.01, effect: 0.01 }, 0.01)).toBeUndefined();
  });

  it('detects with 20 pairs 0.66 standard deviations', () => expectNear(smallestDetectable(20, 1), 0.66, 2));
});

describe('several metrics of one run', () => {
  const some = pairs.slice(0, 12);
  const scaled = (factor: number, noise: number): LogPair[] =>
    some.map((pair, i) => ({ ...pair, difference: factor * pair.difference + noise * Math.sin(i * 7) }));

  it('corrects for their number without losing their correlation', () => {
    const [alone] = given(maxT([some]));
    const [twice] = given(maxT([some, scaled(3, 0)]));
    const [beside] = given(maxT([some, scaled(0, 1)]));
    // The same numbers twice are one test, not two.
    expect(twice?.p).toBe(alone?.p);
    expect(beside?.p).toBeGreaterThan(alone?.p ?? 1);
    expectNear(alone?.value, analyseCrossover(some)?.container.value ?? Number.NaN, 14);
    const width = (effect: typeof alone): number => (effect?.interval[1] ?? 0) - (effect?.interval[0] ?? 0);
    expect(width(beside)).toBeGreaterThan(width(alone) * 1.05);
  });

  it('refuses metrics of different pairs', () => {
    expect(() => maxT([pairs, pairs.toReversed()])).toThrow(/same pairs/);
  });
});

describe('allocations', () => {
  it('counts each of them once', () => {
    const effects = allocationEffects([
      ...logPairs([0.01, 0.03], [0.02, 0.02]),
      ...logPairs([0.05], [0.03]).map((pair) => ({ ...pair, allocation: 1 })),
      ...logPairs([1], []).map((pair) => ({ ...pair, allocation: 2 })),
    ]);
    expect(effects).toEqual([
      { allocation: 0, pairs: 4, value: 0.02 },
      { allocation: 1, pairs: 2, value: 0.04 },
      { allocation: 2, pairs: 1, value: undefined },
    ]);
    expect(acrossAllocations(effects)).toMatchObject({ value: expect.closeTo(0.03, 12), df: 1 });
    expect(acrossAllocations(effects.slice(0, 1))).toBeUndefined();
  });

  it('decide if they differ more than their pairs let expect', () => {
    const apart = [-0.05, 0.05, 0.1].flatMap((shift, allocation) =>
      logPairs([shift, shift + 1e-4], [shift, shift - 1e-4]).map((pair) => ({
        ...pair,
        allocation,
        block: allocation,
      })),
    );
    expect(decideVerdict(apart, { margin: logMargin(0.01), aa: false })).toMatchObject({
      kind: 'inconclusive',
      by: 'allocations',
    });
  });
});

describe('the verdict', () => {
  const around = (effect: number, scatter: number): LogPair[] => {
    const offsets = [-1, 1, -1, 1, -1, 1].map((sign) => effect + sign * scatter);
    return logPairs(offsets, offsets);
  };
  it.each([
    ['equivalent', 0.0001, 0.002],
    ['slower-within-margin', 0.004, 0.002],
    ['slower', 0.02, 0.002],
    ['faster', -0.02, 0.002],
    ['not-worse', -0.009, 0.016],
    ['inconclusive', 0.0001, 0.05],
  ])('%s', (kind, effect, scatter) =>
    expect(decideVerdict(around(effect, scatter), { margin: logMargin(0.01), aa: false }).kind).toBe(kind),
  );

  it('says how many pairs it would take', () => {
    expect(pairsToDecide(around(0, 0.02), logMargin(0.01))).toBe(44);
    expect(pairsToDecide(logPairs([1], [1]), logMargin(0.01))).toBeUndefined();
  });

  it('says nothing from too few pairs', () => {
    expect(decideVerdict(logPairs([1], [1]), { margin: 0.01, aa: false })).toMatchObject({
      kind: 'inconclusive',
      estimate: undefined,
    });
  });

  it('calls the same program twice on a noisy machine inconclusive', () => {
    const rows = readFileSync(`${fixtures}/aa-null-20pairs.csv`, 'utf8').trim().split('\n').slice(1);
    const metrics = Map.groupBy(
      rows.map((row) => row.split(',')),
      ([metric]) => metric,
    );
    for (const [metric = '', measured] of metrics) {
      const log = measured.map(([, , sequence, first, second]) => {
        const bareFirst = sequence === 'AB';
        const [bare, container] = bareFirst ? [Number(first), Number(second)] : [Number(second), Number(first)];
        const direction = /MBps/.test(metric) ? 'higher-is-better' : 'lower-is-better';
        const pair = { bare, container, allocation: 0, block: 0 };
        return toLogPair({ ...pair, sequence: bareFirst ? 'bare-first' : 'container-first' }, direction);
      });
      expect([metric, log.length, decideVerdict(log, { margin: logMargin(0.02), aa: false }).kind]).toEqual([
        metric,
        20,
        'inconclusive',
      ]);
    }
    expect(metrics.size).toBe(2);
  });
});

describe('invariances', () => {
  const random = seededRandom('invariances');
  const some = Array.from({ length: 50 }, () =>
    Array.from({ length: 4 + 2 * random.below(8) }, (_, i) => ({
      sequence: i % 2 === 0 ? ('bare-first' as const) : ('container-first' as const),
      allocation: i >> 2,
      block: i >> 2,
      bare: 1 + random.below(1000) / 500,
      container: 1 + random.below(1000) / 500,
    })),
  );
  const summary = (measured: MeasuredPair[], direction: 'lower-is-better' | 'higher-is-better' = 'lower-is-better') => {
    const log = measured.map((pair) => toLogPair(pair, direction));
    return {
      tau: analyseCrossover(log)?.container.value ?? Number.NaN,
      order: analyseCrossover(log)?.order.value ?? Number.NaN,
      hl: hodgesLehmann(log, 0.5)?.value ?? Number.NaN,
      ...permutationTest(log),
      exact: 1,
      low: interval(given(analyseCrossover(log)).container, 0.95)[0],
      equivalence: decideVerdict(log, { margin: 0.2, aa: false }).equivalence?.p ?? Number.NaN,
    };
  };
  const expectAlike = (a: object, b: object): void => {
    const rounded = (value: object): object =>
      Object.fromEntries(Object.entries(value).map(([key, one]) => [key, Math.round(one * 1e9) / 1e9 + 0]));
    expect(rounded(a)).toEqual(rounded(b));
  };

  it('swapping the legs flips the sign', () => {
    for (const measured of some) {
      const swapped = measured.map((pair) => ({ ...pair, bare: pair.container, container: pair.bare }));
      const [{ low: _, ...before }, { low: __, ...after }] = [summary(measured), summary(swapped)];
      const mirrored = { tau: -after.tau, hl: -after.hl, slowerP: after.fasterP, fasterP: after.slowerP };
      expectAlike({ ...after, ...mirrored, order: -after.order }, before);
      // The other name for each leg, and so for the order, too: what coming second costs stays.
      const renamed = swapped.map((pair) => ({
        ...pair,
        sequence: pair.sequence === 'bare-first' ? ('container-first' as const) : ('bare-first' as const),
      }));
      const { low: ___, ...other } = summary(renamed);
      expectAlike({ ...other, tau: -other.tau, hl: -other.hl, slowerP: other.fasterP, fasterP: other.slowerP }, before);
    }
  });

  it('units do not matter, and a rate is the inverse of a time', () => {
    for (const measured of some) {
      const scaled = measured.map((pair) => ({ ...pair, bare: pair.bare * 3600, container: pair.container * 3600 }));
      expectAlike(summary(scaled), summary(measured));
      const inverse = measured.map((pair) => ({ ...pair, bare: 1 / pair.bare, container: 1 / pair.container }));
      expectAlike(summary(inverse, 'higher-is-better'), summary(measured));
    }
  });

  it('the order of the rows does not matter', () => {
    for (const measured of some) {
      expectAlike(summary(shuffled(measured, random)), summary(measured));
    }
  });
});

describe('a difference', () => {
  const sure = (effect: number): LogPair[] =>
    Array.from({ length: 12 }, (_, i) => ({
      sequence: i % 2 === 0 ? 'bare-first' : 'container-first',
      allocation: 0,
      block: i >> 2,
      difference: effect + (i % 3) * 1e-4,
    }));

  it('is shown in the direction in which both tests see it', () => {
    const of = (some: LogPair[]) => decideVerdict(some, { margin: 0.01, aa: false });
    expect(of(sure(0.02))).toMatchObject({ kind: 'slower', difference: { shown: 'slower', attainable: true } });
    expect(of(sure(-0.02))).toMatchObject({ kind: 'faster', difference: { shown: 'faster' } });
    // Of 216 plans one makes it look as dear: p = 1/216 one-sided.
    expect(of(sure(0.02)).difference?.permutation).toMatchObject({ plans: 216, slowerP: 1 / 216, fasterP: 1 });
  });

  it('needs both: the interval alone is not enough', () => {
    // Three allocations, each with one pair whose first run was slow: the interval over allocations lies above 0.
    const some = [0, 1, 2].flatMap((block) =>
      (['container-first', 'bare-first', 'container-first', 'bare-first'] as const).map((sequence, i) => ({
        sequence,
        allocation: block,
        block,
        difference: i === 0 ? 0.2 + block / 1000 : (i - 2) * 1e-3,
      })),
    );
    const { kind, difference } = decideVerdict(some, { margin: 0.01, aa: false });
    expect([kind, difference?.byInterval, difference?.shown]).toEqual(['inconclusive', 'slower', undefined]);
    expect(difference?.permutation.slowerP).toBeGreaterThan(0.025);
  });

  it('needs both: the permutation alone is not enough', () => {
    // Each pair says so, and the allocations differ too much.
    const some = sure(0.001).map((pair, i) => ({
      ...pair,
      allocation: pair.block,
      difference: pair.difference * 30 ** (i >> 2),
    }));
    const { difference } = decideVerdict(some, { margin: 0.01, aa: false });
    expect(difference).toMatchObject({ byInterval: undefined, shown: undefined });
    expect(difference?.permutation.slowerP).toBeLessThan(0.025);
  });

  it('is looked for at the level of a series where both legs are bare metal, and in both directions', () => {
    const of = (some: LogPair[]) => decideVerdict(some, { margin: 0.01, aa: true });
    expect(of(sure(0.02))).toMatchObject({ kind: 'inconclusive', difference: { attainable: false } });
    const more = [...sure(0.02), ...sure(0.02).map((pair) => ({ ...pair, block: pair.block + 3 }))];
    expect(of(more).kind).toBe('slower');
    expect(of(more.map((pair) => ({ ...pair, difference: -pair.difference }))).kind).toBe('faster');
  });
});

describe('odds and ends', () => {
  it('names outlying values', () => {
    expect(outlyingIndices([1, 2, 3, 2, 1, 50, 2])).toEqual([5]);
    expect(outlyingIndices([5, 5, 5, 5, 6])).toEqual([4]);
    expect(outlyingIndices([])).toEqual([]);
  });

  it('shows logarithms as per cent', () => expectNear(toPercent(Math.log(1.02)), 2));

  it.each([0, -1, Number.NaN, Infinity])('refuses a value of %p', (bare) =>
    expect(() =>
      toLogPair({ sequence: 'bare-first', allocation: 0, block: 0, bare, container: 1 }, 'lower-is-better'),
    ).toThrow(/positive/),
  );

  it('has the generator of the paper', () => {
    // State and outputs of the authors' C program.
    const random = randomFrom([0x964d4a0c, 0xd40ab895, 0xad7fdecb, 0x3006f0f0]);
    const words = [0, 1, 2, 3].map(() => random.below(2 ** 32));
    expect(words.map((word) => word.toString(16))).toEqual(['f1391922', '6fe53806', 'a5be2840', 'f510ee70']);
  });
});
