import type { BenchmarkRun } from '../store/benchmark-runs.ts';
import { submissionsOfRun } from '../store/benchmark-submissions.ts';
import type { Store } from '../store/open.ts';
import { excludedPairs } from './analyse-run.ts';
import { loadRunData } from './load-run-data.ts';
import type { RunData } from './run-data.ts';

export interface BenchProgress {
  /** `running` while a job of it may still bring results, `complete` with all pairs, else `incomplete`. */
  state: 'running' | 'complete' | 'incomplete';
  /** Pairs with a record of both legs. */
  done: number;
  planned: number;
  /** Pairs that do not count, of those done. */
  invalid: number;
  jobs: number[];
  /** How submissions and allocations ended that did not end well. */
  messages: string[];
  data: RunData;
}

/** How far a run is. */
export async function benchProgress(db: Store, run: BenchmarkRun): Promise<BenchProgress> {
  const data = await loadRunData(db, run);
  const submissions = await submissionsOfRun(db, run.id);
  const done = data.pairs.filter(({ bare, container }) => bare !== undefined && container !== undefined).length;
  const open = submissions.some(({ state }) => state !== 'finished' && state !== 'refused');
  return {
    state: done === data.pairs.length ? 'complete' : open ? 'running' : 'incomplete',
    done,
    planned: data.pairs.length,
    invalid: excludedPairs(data).length - (data.pairs.length - done),
    jobs: data.jobs,
    messages: submissions.flatMap(({ number, message }) =>
      message === null ? [] : [`submission ${number}: ${message}`],
    ),
    data,
  };
}
