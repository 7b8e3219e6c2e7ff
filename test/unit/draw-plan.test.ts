import { describe, expect, it } from '@jest/globals';

import { canShow, countPlans, drawPlan, fewestPairs, usualAllocationsOf } from '../../lib/benchmarks/draw-plan.ts';
import { selfLevel } from '../../lib/benchmarks/statistics/difference.ts';
import { equivalenceLevel } from '../../lib/benchmarks/statistics/equivalence.ts';

/** Of as many pairs in as many allocations every plan that comes up in so many draws. */
const differentPlans = (draws: number, ...of: [pairs: number, allocations: number]): number =>
  new Set(Array.from({ length: draws }, (_, seed) => letters(drawPlan(String(seed), ...of).pairs))).size;

const letters = (pairs: { sequence: string }[]): string =>
  pairs.map(({ sequence }) => (sequence === 'bare-first' ? 'b' : 'c')).join('');

describe('the order of the pairs', () => {
  it('stays what it was, for ever', () => {
    // Plans are drawn once and kept; should this change, generatorName has to change with it.
    const plan = drawPlan('2019', 20, 5);
    expect(plan).toMatchObject({ seed: '2019', generator: 'sha256-xoshiro128**-1' });
    expect(letters(plan.pairs)).toMatchInlineSnapshot(`"bcbcccbbcbcbcbcbbbcc"`);
  });

  it.each([
    [20, 5, [4, 4, 4, 4, 4]],
    [20, 3, [8, 6, 6]],
    [2, 1, [2]],
    [6, 1, [6]],
    [10, 5, [2, 2, 2, 2, 2]],
  ])('deals %p pairs to %p allocations, balanced in every block', (pairs, allocations, shares) => {
    for (let seed = 0; seed < 50; seed += 1) {
      const plan = drawPlan(String(seed), pairs, allocations).pairs;
      const byAllocation = [...Map.groupBy(plan, ({ allocation }) => allocation).values()];
      expect(byAllocation.map(({ length }) => length)).toEqual(shares);
      for (const members of byAllocation) {
        expect(members.map(({ position }) => position)).toEqual([...members.keys()]);
      }
      for (const block of Map.groupBy(plan, (pair) => pair.block).values()) {
        expect(block.length).toBeLessThanOrEqual(4);
        expect(new Set(block.map(({ allocation }) => allocation)).size).toBe(1);
        expect(block.filter(({ sequence }) => sequence === 'bare-first')).toHaveLength(block.length / 2);
      }
    }
  });

  it('draws each of the six blocks equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed += 1) {
      const drawn = letters(drawPlan(String(seed), 4, 1).pairs);
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    // χ² with five degrees of freedom exceeds 20.5 once in a thousand; the seeds are fixed, so this holds or does not.
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(6);
    expect(chiSquared).toBeLessThan(20.5);
  });

  it.each([
    [2, 1, 2],
    [4, 1, 6],
    [6, 1, 12],
    [8, 1, 36],
    [8, 4, 16],
    [10, 4, 48],
  ])('draws %p pairs in %p allocations in %p ways', (pairs, allocations, ways) => {
    expect(countPlans(pairs, allocations)).toBe(ways);
    expect(differentPlans(600, pairs, allocations)).toBe(ways);
  });

  it('knows with how many pairs a difference can be shown, and spreads them so that it can', () => {
    expect([0.05, selfLevel, equivalenceLevel].map(fewestPairs)).toEqual([10, 16, 8]);
    expect([4, 8, 10, 12, 16, 20, 40].map((pairs) => usualAllocationsOf(pairs, 0.05))).toEqual([2, 3, 4, 5, 5, 5, 5]);
    expect([8, 16, 20].map((pairs) => usualAllocationsOf(pairs, selfLevel))).toEqual([3, 5, 5]);
    expect(canShow(10, 5, 0.05)).toBe(false);
    expect(canShow(8, 4, equivalenceLevel)).toBe(false);
  });

  it.each([
    [3, 1],
    [0, 1],
    [1.5, 1],
    [4, 0],
    [4, 3],
    [4, Number.NaN],
  ])('refuses %p pairs in %p allocations', (pairs, allocations) =>
    expect(() => drawPlan('1', pairs, allocations)).toThrow(RangeError),
  );
});
