import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { loadRunData } from '../../lib/benchmarks/load-run-data.ts';
import { insertBenchmarkRun, pairsOfRun } from '../../lib/store/benchmark-runs.ts';
import type { CollectedPair } from '../../lib/benchmarks/run-data.ts';
import { addLeg, addSubmission, storeBenchmark, type StoredBenchmark } from './support/store-benchmark.ts';
import { makeTestSite, type TestSite } from './support/test-site.ts';

let site: TestSite;
let stored: StoredBenchmark;

beforeAll(async () => {
  site = await makeTestSite();
  stored = await storeBenchmark(site.store);
});

afterAll(() => site.remove());

describe('a benchmark run in the store', () => {
  it('is named after benchmark and day, and counted', async () => {
    expect(stored.run).toMatchObject({ name: 'x-2026-11-22.1', folder: '/bench/x-2026-11-22.1' });
    expect((await storeBenchmark(site.store)).run.name).toBe('x-2026-11-22.2');
  });

  it('keeps its plan, to which nothing can be added', async () => {
    const rows = await pairsOfRun(site.store, stored.run.id);
    expect(rows.map(({ benchmark_run_id: _id, ...pair }) => pair)).toEqual(stored.plan);
    const { id: _id, name: _name, folder: _folder, ...row } = stored.run;
    const more = insertBenchmarkRun(site.store, row, [...stored.plan, ...stored.plan], '2026-11-22', (name) => name);
    await expect(more).rejects.toThrow(/never replaced/);
    const added = site.store
      .insertInto('benchmark_pair')
      .values({ benchmark_run_id: stored.run.id, allocation: 9, block: 9, position: 0, sequence: 'bare-first' });
    await expect(added.execute()).rejects.toThrow(/plan of a submitted benchmark run is complete/);
  });

  it('takes every leg once, whoever is quicker', async () => {
    expect(await addLeg(site.store, stored.first, 0, 0, 'bare', 2)).toBe(false);
  });

  it('takes both legs of a pair from one submission, the first that has both', async () => {
    const { run, first } = stored;
    const pair = async (): Promise<CollectedPair | undefined> => (await loadRunData(site.store, run)).pairs[0];
    expect(await pair()).toMatchObject({ bare: { measurements: [{ value: 1 }] }, container: undefined });
    const second = await addSubmission(site.store, run, 2);
    await addLeg(site.store, second, 0, 0, 'container', 20);
    expect(await pair()).toMatchObject({ bare: undefined, container: { measurements: [{ value: 20 }] } });
    await addLeg(site.store, second, 0, 0, 'bare', 21);
    expect(await pair()).toMatchObject({ bare: { measurements: [{ value: 21 }] }, container: { output: '2/x' } });
    await addLeg(site.store, first, 0, 0, 'container', 3);
    expect(await pair()).toMatchObject({ bare: { measurements: [{ value: 1 }] }, container: { output: '1/x' } });
  });

  it('is read from the database alone', async () => {
    const data = await loadRunData(site.store, stored.run);
    expect(data).toMatchObject({ seed: '7', jobs: [11, 12], aa: false, metrics: [{ margin: 0.01 }], allocations: 2 });
    expect(await loadRunData(site.store, stored.run)).toEqual(data);
  });
});
