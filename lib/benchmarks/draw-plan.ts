import { equivalenceLevel } from './statistics/equivalence.ts';
import type { Sequence } from './statistics/pair.ts';
import { generatorName, seededRandom, shuffled } from './statistics/random.ts';

/** Where and in which order one pair is to run. */
export interface PlannedPair {
  allocation: number;
  /** Counts blocks over all allocations. */
  block: number;
  /** Position within the allocation, from 0. */
  position: number;
  sequence: Sequence;
}

/** Everything that was drawn, complete enough to draw it again. */
export interface Plan {
  seed: string;
  generator: string;
  pairs: PlannedPair[];
}

/** Pairs in a permuted block: two of each sequence. */
const blockSize = 4;

/** More allocations than this are drawn only if somebody asks for them. */
const usualAllocations = 5;

/**
 * Draws the order of all pairs: each allocation gets its share (shares differ by two at most), cut into permuted blocks of
 * four, the last block of an allocation of two if need be; in each block half of the pairs run bare metal first. Nobody can
 * foresee a pair from those before it, and both sequences occur equally often in every allocation
 * (Matts and Lachin, Control. Clin. Trials 9, 1988, on permuted blocks). The same arguments give the same plan for ever.
 * Throws RangeError unless the pairs can be halved in every allocation: `pairs` even, `allocations` at most half of them.
 */
export function drawPlan(seed: string, pairs: number, allocations: number): Plan {
  if (!(Number.isInteger(pairs) && pairs >= 2 && pairs % 2 === 0)) {
    throw new RangeError(`the number of pairs must be even and at least 2, so that both orders occur equally often`);
  }
  if (!(Number.isInteger(allocations) && allocations >= 1 && allocations <= pairs / 2)) {
    throw new RangeError(`${pairs} pairs make 1 to ${pairs / 2} allocations: each needs a pair of either order`);
  }
  const random = seededRandom(`ctmgr bench plan\n${seed}`);
  const drawn: PlannedPair[] = [];
  let block = 0;
  for (let allocation = 0; allocation < allocations; allocation += 1) {
    const share = shareOf(allocation, pairs, allocations);
    for (let position = 0; position < share; block += 1) {
      const half = Math.min(blockSize, share - position) / 2;
      const balanced = [...Array(half).fill('bare-first'), ...Array(half).fill('container-first')] as Sequence[];
      for (const sequence of shuffled(balanced, random)) {
        drawn.push({ allocation, block, position, sequence });
        position += 1;
      }
    }
  }
  return { seed, generator: generatorName, pairs: drawn };
}

function shareOf(allocation: number, pairs: number, allocations: number): number {
  return 2 * (Math.floor(pairs / 2 / allocations) + (allocation < (pairs / 2) % allocations ? 1 : 0));
}

/** In how many ways `drawPlan` can draw: 6 for each block of four pairs, 2 for each block of two. */
export function countPlans(pairs: number, allocations: number): number {
  let count = 1;
  for (let allocation = 0; allocation < allocations; allocation += 1) {
    const share = shareOf(allocation, pairs, allocations);
    count *= 6 ** Math.floor(share / blockSize) * (share % blockSize === 0 ? 1 : 2);
  }
  return count;
}

/** Whether some outcome of so many pairs can show something at this two-sided level; see `differenceTest`, `equivalenceTest`. */
export function canShow(pairs: number, allocations: number, level: number): boolean {
  return 1 / countPlans(pairs, allocations) < level / 2;
}

/** The fewest pairs that can show something at this level, in one allocation. */
export function fewestPairs(level: number): number {
  let pairs = 2;
  while (!canShow(pairs, 1, level)) pairs += 2;
  return pairs;
}

/**
 * Over how many allocations pairs are spread if nobody says so: five, or as many as leave them able to show a difference at
 * this level, or else that there is none.
 */
export function usualAllocationsOf(pairs: number, level: number): number {
  const most = Math.min(usualAllocations, Math.floor(pairs / 2));
  for (const wanted of [level, equivalenceLevel]) {
    for (let allocations = most; allocations >= 1; allocations -= 1) {
      if (canShow(pairs, allocations, wanted)) return allocations;
    }
  }
  return most;
}
