import { type BenchmarkRun, findBenchmarkRun } from '../store/benchmark-runs.ts';
import type { Store } from '../store/open.ts';
import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';

/** The benchmark run of that name; 66 if there is none. */
export async function requireBenchRun(store: Store, name: string): Promise<BenchmarkRun> {
  const run = await findBenchmarkRun(store, name);
  if (run !== undefined) return run;
  throw new CtmgrError('inputMissing', `there is no benchmark run ${quote(name)}`, { hint: 'ctmgr bench status' });
}
