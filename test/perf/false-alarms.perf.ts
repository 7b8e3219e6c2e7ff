import { decidingEstimate } from '../../lib/benchmarks/statistics/allocations.ts';
import { interval } from '../../lib/benchmarks/statistics/crossover.ts';
import { differenceLevel, selfLevel } from '../../lib/benchmarks/statistics/difference.ts';
import { equivalenceTest, logMargin } from '../../lib/benchmarks/statistics/equivalence.ts';
import type { LogPair } from '../../lib/benchmarks/statistics/pair.ts';
import { decideVerdict } from '../../lib/benchmarks/statistics/verdict.ts';
import { noises, plansOf, runOfItself } from '../unit/support/noisy-runs.ts';
import type { PerfEntry, PerfTable } from './support/entry.ts';

const experiments = 5000;
const margin = logMargin(0.01);
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

/** Of the runs of a program against itself the shares, in per cent, that are taken for something else. */
function alarms(runs: readonly LogPair[][]): { byInterval: number; slower: number; self: number; equivalent: number } {
  const counts = { byInterval: 0, slower: 0, self: 0, equivalent: 0 };
  for (const pairs of runs) {
    const deciding = decidingEstimate(pairs);
    if (deciding === undefined) continue;
    const [low, high] = interval(deciding.estimate, 1 - differenceLevel);
    if (low > 0) counts.byInterval += 1;
    // Only what the interval takes for a difference can be one.
    if (low > 0 && /slower/.test(decideVerdict(pairs, { margin, aa: false }).kind)) counts.slower += 1;
    if (low > 0 || high < 0) {
      const self = decideVerdict(pairs, { margin, aa: true });
      if (self.difference?.shown !== undefined) counts.self += 1;
    }
    // The same runs with a container that costs just the margin.
    const worse = { ...deciding.estimate, value: deciding.estimate.value + margin };
    if (equivalenceTest(worse, margin).p < 0.05) counts.equivalent += 1;
  }
  return counts;
}

function measure(): Promise<PerfTable[]> {
  const percent = (count: number): number => Number(((100 * count) / experiments).toFixed(2));
  const rows = designs.flatMap(([pairs, allocations]) => {
    const plans = plansOf(experiments, pairs, allocations);
    return Object.entries(noises).map(([name, noise]) => {
      const found = alarms(plans.map((plan) => runOfItself(plan, noise)));
      const { byInterval, slower, self, equivalent } = found;
      return [`${pairs} in ${allocations}`, name, ...[byInterval, slower, self, equivalent].map(percent)];
    });
  });
  const nominal = ['nominal', '', 50 * differenceLevel, 50 * differenceLevel, Number((100 * selfLevel).toFixed(2)), 5];
  return Promise.resolve([
    {
      caption: `Of 100 runs of a program against itself (${experiments} seeded ones each)`,
      columns: ['pairs', 'the machine', 'interval above 0', 'slower', 'A/A differs', 'equivalent at margin'],
      rows: [nominal, ...rows],
    },
  ]);
}

export const entry: PerfEntry = {
  title: 'how often no difference is taken for one, by what the machine does',
  needsCluster: false,
  measure,
};
