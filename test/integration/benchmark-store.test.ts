import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { analyseRun } from '../../lib/benchmarks/analyse-run.ts';
import { runPage } from '../../lib/benchmarks/html/run-page.ts';
import { loadRunData } from '../../lib/benchmarks/load-run-data.ts';
import { loadRunProvenance } from '../../lib/benchmarks/run-provenance.ts';
import { run as runReport } from '../../lib/commands/bench-report.ts';
import type { Answer, Context } from '../../lib/commands/context.ts';
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

describe('the page of a stored run', () => {
  it('names the build of the image, and has the same bytes twice', async () => {
    const data = await loadRunData(site.store, stored.run);
    const make = async (): Promise<string> =>
      runPage(data, analyseRun(data), await loadRunProvenance(site.store, stored.run));
    const page = await make();
    expect(page).toContain('unknown: the store has no build of this image and digest');
    expect(page).toContain('launch x');
    expect(await make()).toBe(page);
  });

  it('is written by the command, and several runs side by side', async () => {
    const file = join(site.folder, 'page.html');
    const said: string[] = [];
    const context = { store: async () => site.store, terminal: { say: (line: string) => said.push(line) } };
    const report = (more: Partial<Parameters<typeof runReport>[0]>): Promise<Answer> =>
      runReport({ run: [], compare: false, csv: false, json: false, ...more }, context as unknown as Context);
    expect(await report({ run: [stored.run.name], html: file })).toMatchObject({ kind: 'record' });
    expect(readFileSync(file, 'utf8')).toContain('<title>x-2026-11-22.1: x, app:2026-11-22.1</title>');
    expect(await report({ image: 'app', html: file })).toMatchObject({
      text: expect.stringContaining('x-2026-11-22.2'),
    });
    expect(readFileSync(file, 'utf8')).toContain('<title>Benchmark runs over time</title>');
    expect(said).toEqual([`Wrote ${file}`, `Wrote ${file}`]);
    const names = ['x-2026-11-22.1', 'x-2026-11-22.2'];
    expect(await report({ run: names, compare: true })).toMatchObject({ record: { series: [{ metric: 'time' }] } });
    for (const wrong of [{}, { run: names }, { run: names.slice(1), compare: true }, { run: names, image: 'app' }]) {
      await expect(report(wrong)).rejects.toMatchObject({ code: 'usage' });
    }
    await expect(report({ image: 'none' })).rejects.toMatchObject({ code: 'inputMissing' });
    await expect(report({ run: names.slice(1), html: `${file}/x` })).rejects.toMatchObject({ code: 'cannotCreate' });
    const link = join(site.folder, 'link.html');
    symlinkSync('/dev/null', link);
    for (const other of [link, site.folder]) {
      await expect(report({ image: 'app', html: other })).rejects.toMatchObject({
        code: 'cannotCreate',
        why: 'it is there and is no plain file',
      });
    }
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });
});
