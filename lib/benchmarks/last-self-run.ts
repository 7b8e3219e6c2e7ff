import { type BenchmarkRun, listBenchmarkRuns } from '../store/benchmark-runs.ts';
import type { Store } from '../store/open.ts';
import { analyseRun } from './analyse-run.ts';
import { loadRunData } from './load-run-data.ts';
import { showsBias } from './verdict-sentence.ts';

/** The last run of bare metal against itself before another run of the same benchmark. */
export interface SelfRun {
  name: string;
  created: number;
  /** `different`: the machine or the method was biased. */
  says: 'same' | 'different' | 'nothing';
}

/** Undefined if there was none of which all pairs are there. Later ones do not count, so that a report stays what it was. */
export async function lastSelfRun(db: Store, run: BenchmarkRun): Promise<SelfRun | undefined> {
  const before = (await listBenchmarkRuns(db)).filter(
    ({ id, aa, benchmark }) => id < run.id && aa === 1 && benchmark === run.benchmark,
  );
  for (const one of before.toReversed()) {
    const data = await loadRunData(db, one);
    if (data.pairs.some(({ bare, container }) => bare === undefined || container === undefined)) continue;
    const { metrics } = analyseRun(data);
    const same = metrics[0]?.verdict.kind === 'equivalent';
    return {
      name: one.name,
      created: one.created_at,
      says: showsBias(metrics) ? 'different' : same ? 'same' : 'nothing',
    };
  }
  return undefined;
}
