import { type LogPair, periodDifference } from './pair.ts';
import { seededRandom } from './random.ts';

/** Plans are enumerated up to this number; of more a sample is drawn. */
const enumerateUpTo = 200_000;

/** With so many plans the standard error of a p-value of 0.05 is 0.0015. */
const sampleSize = 20_000;

/** All label plans, or a seeded sample of them. */
export interface LabelPlans {
  /** False if the plans are a sample. */
  exact: boolean;
  /** How many plans `visit` is given. The plan that was really drawn is among them if they are exact. */
  count: number;
  /** Calls back with +1 for each pair that the plan runs bare first and -1 for the others; the array is reused. */
  visit(callback: (labels: Int8Array) => void): void;
}

/**
 * The plans that could have been drawn: the labels "bare first" and "container first" dealt anew within each block, each
 * block keeping its numbers of both (R. A. Fisher's randomisation argument; Rosenbaum, Observational Studies, 2002, ch. 2).
 * Pairs that were excluded are not there, which leaves their block with the numbers it still has.
 */
export function labelPlans(pairs: readonly LogPair[]): LabelPlans {
  const blocks = [...Map.groupBy(pairs.keys(), (index) => pairs[index]?.block).values()];
  const labels = Int8Array.from(pairs, ({ sequence }) => (sequence === 'bare-first' ? 1 : -1));
  const arrangements = blocks.map((indices) => chooseCount(indices.length, count(indices, labels)));
  const total = arrangements.reduce((product, one) => product * one, 1);
  if (total <= enumerateUpTo) {
    return { exact: true, count: total, visit: (callback) => enumerate(blocks, Int8Array.from(labels), callback) };
  }
  return {
    exact: false,
    count: sampleSize,
    visit: (callback) => sample(blocks, Int8Array.from(labels), callback),
  };
}

/** For each plan the sum of the values of the pairs that it runs bare first; of one block after the other, which is quick. */
export function sumsOverPlans(
  pairs: readonly LogPair[],
  values: ArrayLike<number>,
): { exact: boolean; sums: Float64Array } {
  const plans = labelPlans(pairs);
  if (!plans.exact) {
    const sums = new Float64Array(plans.count);
    let at = 0;
    plans.visit((labels) => {
      for (let i = 0; i < labels.length; i += 1) if (labels[i] === 1) sums[at] = (sums[at] ?? 0) + (values[i] ?? 0);
      at += 1;
    });
    return { exact: false, sums };
  }
  let sums = Float64Array.of(0);
  for (const indices of Map.groupBy(pairs.keys(), (index) => pairs[index]?.block).values()) {
    const members = [...indices];
    const bareFirst = members.filter((index) => pairs[index]?.sequence === 'bare-first').length;
    const ofBlock = chosenSums(
      members.map((index) => values[index] ?? 0),
      bareFirst,
    );
    const next = new Float64Array(sums.length * ofBlock.length);
    for (let i = 0; i < sums.length; i += 1) {
      for (let j = 0; j < ofBlock.length; j += 1) next[i * ofBlock.length + j] = (sums[i] ?? 0) + (ofBlock[j] ?? 0);
    }
    sums = next;
  }
  return { exact: true, sums };
}

/** The sums of all choices of `k` of the values. */
function chosenSums(values: readonly number[], k: number): number[] {
  const sums: number[] = [];
  const choose = (at: number, left: number, sum: number): void => {
    if (left === 0) sums.push(sum);
    else if (left <= values.length - at) {
      choose(at + 1, left - 1, sum + (values[at] ?? 0));
      choose(at + 1, left, sum);
    }
  };
  choose(0, k, 0);
  return sums;
}

function count(indices: readonly number[], labels: Int8Array): number {
  return indices.filter((index) => labels[index] === 1).length;
}

function chooseCount(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i += 1) result = (result * (n - k + i)) / i;
  return result;
}

function enumerate(blocks: number[][], labels: Int8Array, callback: (labels: Int8Array) => void): void {
  const needed = blocks.map((indices) => count(indices, labels));
  const place = (block: number, at: number, left: number): void => {
    const indices = blocks[block];
    if (indices === undefined) return callback(labels);
    if (at === indices.length) return place(block + 1, 0, needed[block + 1] ?? 0);
    const index = indices[at] ?? 0;
    if (left > 0) {
      labels[index] = 1;
      place(block, at + 1, left - 1);
    }
    if (left < indices.length - at) {
      labels[index] = -1;
      place(block, at + 1, left);
    }
  };
  place(0, 0, needed[0] ?? 0);
}

function sample(blocks: number[][], labels: Int8Array, callback: (labels: Int8Array) => void): void {
  // A fixed seed: the same pairs must give the same report.
  const random = seededRandom('ctmgr bench permutation');
  for (let round = 0; round < sampleSize; round += 1) {
    for (const indices of blocks) {
      for (let last = indices.length - 1; last > 0; last -= 1) {
        const [one, other] = [indices[last] ?? 0, indices[random.below(last + 1)] ?? 0];
        const label = labels[one] ?? 0;
        labels[one] = labels[other] ?? 0;
        labels[other] = label;
      }
    }
    callback(labels);
  }
}

/** The period differences of the pairs, which no relabelling changes. */
export function periodDifferences(pairs: readonly LogPair[]): Float64Array {
  return Float64Array.from(pairs, periodDifference);
}
