import { drawPlan, type Plan } from '../../../lib/benchmarks/draw-plan.ts';
import type { LogPair } from '../../../lib/benchmarks/statistics/pair.ts';
import { type Random, seededRandom } from '../../../lib/benchmarks/statistics/random.ts';

/** ln(cost) of so many runs of one allocation, one after the other, of a machine that does not care which leg it runs. */
type Noise = (random: Random, runs: number) => number[];

// Looked up once: in a test's own world globals are slow.
const { cos, exp, log, PI, sqrt } = Math;

function uniform(random: Random): number {
  return (random.below(2 ** 32) + 0.5) / 2 ** 32;
}

/** A normal random number (Box and Muller, Ann. Math. Stat. 29, 1958). */
export function normal(random: Random): number {
  return sqrt(-2 * log(uniform(random))) * cos(2 * PI * uniform(random));
}

const eachRun =
  (cost: (random: Random, run: number, runs: number) => number): Noise =>
  (random, runs) =>
    Array.from({ length: runs }, (_, run) => cost(random, run, runs));

/** What machines do, and what no t test allows for. */
export const noises = {
  normal: eachRun((random) => 0.01 * normal(random)),
  // Student's t with two degrees of freedom: no variance at all.
  'heavy tail': eachRun((random) => (0.01 * normal(random)) / sqrt(-log(uniform(random)))),
  'slow runs': eachRun((random) => 0.002 * normal(random) + (random.below(10) === 0 ? 0.3 * uniform(random) : 0)),
  drift: eachRun((random, run, runs) => (0.05 * run) / runs + 0.005 * normal(random)),
  'warming up': eachRun((random, run) => 0.05 * (1 - exp(-run / 3)) + 0.002 * normal(random)),
  'runs like those before': (random, runs) => {
    let state = normal(random);
    return Array.from({ length: runs }, () => {
      state = 0.9 * state + sqrt(1 - 0.9 ** 2) * normal(random);
      return 0.01 * state;
    });
  },
  'heat in every second run': eachRun((random, run) => (run % 2) * 0.015 + 0.002 * normal(random)),
  'slow first run': eachRun((random, run) => (run === 0 ? 0.2 : 0) + 0.002 * normal(random)),
  'load that comes and goes': (random, runs) => {
    let on = random.below(2);
    return Array.from({ length: runs }, () => {
      if (random.below(4) === 0) on = 1 - on;
      return 0.3 * on + 0.01 * normal(random);
    });
  },
  'one bad minute': (random, runs) => {
    const [start, length] = [random.below(runs), 1 + random.below(3)];
    return Array.from(
      { length: runs },
      (_, run) => (run >= start && run < start + length ? 0.3 : 0) + 0.002 * normal(random),
    );
  },
} satisfies Record<string, Noise>;

/** The same program in both legs, run by this plan on such a machine. */
export function runOfItself({ pairs, seed }: Plan, noise: Noise): LogPair[] {
  const random = seededRandom(`machine ${seed}`);
  return [...Map.groupBy(pairs, ({ allocation }) => allocation).values()].flatMap((members) => {
    const costs = noise(random, 2 * members.length);
    return members.map(({ sequence, allocation, block }, i) => {
      const later = (costs[2 * i + 1] ?? 0) - (costs[2 * i] ?? 0);
      return { sequence, allocation, block, difference: sequence === 'bare-first' ? later : -later };
    });
  });
}

/** Plans of as many seeds. */
export function plansOf(count: number, pairs: number, allocations: number): Plan[] {
  return Array.from({ length: count }, (_, seed) => drawPlan(String(seed), pairs, allocations));
}
