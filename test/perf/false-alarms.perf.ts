import { decidingEstimate } from '../../lib/benchmarks/statistics/allocations.ts';
import { interval } from '../../lib/benchmarks/statistics/crossover.ts';
import { differenceLevel, differenceTest, selfLevel } from '../../lib/benchmarks/statistics/difference.ts';
import {
  equivalenceLevel,
  equivalenceTest,
  logMargin,
  marginTest,
} from '../../lib/benchmarks/statistics/equivalence.ts';
import type { LogPair } from '../../lib/benchmarks/statistics/pair.ts';
import { noises, plansOf, runOfItself } from '../unit/support/noisy-runs.ts';
import type { PerfEntry, PerfTable } from './support/entry.ts';

const experiments = 5000;
/** So wide that what is not normal about these machines has its say; within a narrow one none of them is ever found. */
const margin = logMargin(0.1);
const designs = [
  [4, 1],
  [8, 2],
  [10, 1],
  [10, 4],
  [12, 3],
  [12, 5],
  [16, 4],
  [20, 1],
  [20, 5],
  [40, 1],
  [40, 5],
] as const;

const shares = ['byInterval', 'slower', 'self', 'equivalentByInterval', 'equivalent', 'notWorse'] as const;

/** Of the runs of a program against itself the shares, in per cent, that are taken for something else. */
function alarms(runs: readonly LogPair[][]): Record<(typeof shares)[number], number> {
  const counts = { byInterval: 0, slower: 0, self: 0, equivalentByInterval: 0, equivalent: 0, notWorse: 0 };
  for (const pairs of runs) {
    const deciding = decidingEstimate(pairs);
    if (deciding === undefined) continue;
    const [low, high] = interval(deciding.estimate, 1 - differenceLevel);
    if (low > 0) counts.byInterval += 1;
    // Only what the interval takes for a difference can be one, and only what is one at this level at a stricter level.
    const shown = low > 0 || high < 0 ? differenceTest(pairs, deciding.estimate, differenceLevel).shown : undefined;
    if (shown === 'slower') counts.slower += 1;
    if (shown !== undefined && differenceTest(pairs, deciding.estimate, selfLevel).shown !== undefined)
      counts.self += 1;
    // The same runs with a container that costs just the margin.
    const worse = { ...deciding.estimate, value: deciding.estimate.value + margin };
    const { p, nonInferiorityP } = marginTest(worse, margin);
    if (p < 0.05) counts.equivalentByInterval += 1;
    if (nonInferiorityP >= 0.05) continue;
    const dearer = pairs.map((pair) => ({ ...pair, difference: pair.difference + margin }));
    const both = equivalenceTest(dearer, worse, margin);
    if (both.p < 0.05) counts.equivalent += 1;
    if (both.nonInferiorityP < 0.05) counts.notWorse += 1;
  }
  return counts;
}

function measure(): Promise<PerfTable[]> {
  const percent = (count: number): number => Number(((100 * count) / experiments).toFixed(2));
  const rows = designs.flatMap(([pairs, allocations]) => {
    const plans = plansOf(experiments, pairs, allocations);
    return Object.entries(noises).map(([name, noise]) => {
      const found = alarms(plans.map((plan) => runOfItself(plan, noise)));
      return [`${pairs} in ${allocations}`, name, ...shares.map((share) => percent(found[share]))];
    });
  });
  const [aDifference, aMargin] = [50 * differenceLevel, 50 * equivalenceLevel];
  const levels = [aDifference, aDifference, Number((100 * selfLevel).toFixed(2)), aMargin, aMargin, aMargin];
  const nominal = ['nominal', '', ...levels];
  return Promise.resolve([
    {
      caption:
        `Of 100 runs of a program against itself (${experiments} seeded ones each); ` +
        'the last three: of a container that costs just the margin of 10 %',
      columns: [
        'pairs',
        'the machine',
        'interval above 0',
        'slower',
        'A/A differs',
        'interval within margin',
        'equivalent',
        'equivalent or not worse',
      ],
      rows: [nominal, ...rows],
    },
  ]);
}

export const entry: PerfEntry = {
  title: 'how often no difference is taken for one, by what the machine does',
  needsCluster: false,
  measure,
};
