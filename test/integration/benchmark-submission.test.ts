import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { makeBenchSite } from '../../lib/benchmarks/bench-site.ts';
import type { PlannedPair } from '../../lib/benchmarks/draw-plan.ts';
import { findBenchmark } from '../../lib/benchmarks/find-definition.ts';
import type { LegRecord } from '../../lib/benchmarks/leg-record.ts';
import { planRun, type RunRequest } from '../../lib/benchmarks/plan-run.ts';
import { readLeg } from '../../lib/benchmarks/read-leg.ts';
import { resumeRun, startRun } from '../../lib/benchmarks/start-run.ts';
import { listBenchmarkRuns, pairsOfRun } from '../../lib/store/benchmark-runs.ts';
import { submissionsOfRun } from '../../lib/store/benchmark-submissions.ts';
import { connect } from '../../lib/store/open.ts';
import { currentUserName } from '../../lib/util/accounts.ts';
import { makeTestSite, type TestSite } from './support/test-site.ts';

let site: TestSite;
/** What the database held each time that sbatch was called. */
let seen: string;

beforeAll(async () => {
  site = await makeTestSite();
  seen = join(site.folder, 'seen');
  const bin = join(site.folder, 'bin');
  mkdirSync(bin);
  mkdirSync(seen);
  // Refuses what it is given, and keeps the database as it finds it.
  const sbatch = `#!/bin/sh
[ "$1" != --version ] || { echo 'slurm 24.11.5'; exit 0; }
here=\${0%/bin/*}
call=$here/seen/$(($(ls "$here/seen" | wc -l) + 1))
mkdir "$call" && cp "$here"/state/* "$call"
echo 'sbatch: error: Batch job submission failed: Invalid account' >&2
exit 1
`;
  writeFileSync(join(bin, 'sbatch'), sbatch, { mode: 0o755 });
});

afterAll(() => site.remove());

const atCall = async (
  number: number,
): Promise<{ seed: string; generator: string; pairs: PlannedPair[]; state: string | undefined }> => {
  const copy = join(site.folder, `copy-${number}`);
  cpSync(join(seen, String(number)), copy, { recursive: true });
  const store = connect(join(copy, 'ctmgr.db'), false);
  const [run] = await listBenchmarkRuns(store);
  if (run === undefined) throw new Error('sbatch was called before there was a run');
  const pairs = await pairsOfRun(store, run.id);
  const last = (await submissionsOfRun(store, run.id)).at(-1);
  await store.destroy();
  rmSync(copy, { recursive: true });
  return {
    seed: run.seed,
    generator: run.generator,
    pairs: pairs.map(({ benchmark_run_id: _run, ...pair }) => pair),
    state: last?.state,
  };
};

it('the order is stored with its seed and algorithm before sbatch is called, and resume does not draw again', async () => {
  const actor = currentUserName();
  const bench = {
    ...makeBenchSite(site.store, site.config, site.paths, actor),
    slurm: { binDir: join(site.folder, 'bin'), timeout: 60_000 },
  };
  mkdirSync(site.paths.bench, { recursive: true });
  const found = await findBenchmark(site.config, 'command');
  const unset = { nodes: undefined, tasksPerNode: undefined, margin: undefined, gap: undefined, constraint: undefined };
  const request: RunRequest = {
    ...unset,
    image: undefined,
    pairs: 20,
    allocations: 5,
    seed: 'before',
    parameters: { command: 'true' },
  };
  const planned = planRun(found, site.config, request);
  const { run, report } = await startRun(bench, found, request, planned);
  expect(report.kind).toBe('refused');
  const first = await atCall(1);
  expect(first).toEqual({
    seed: 'before',
    generator: 'sha256-xoshiro128**-1',
    pairs: planned.plan.pairs,
    state: 'submitting',
  });
  await resumeRun(bench, run);
  expect((await atCall(2)).pairs).toEqual(planned.plan.pairs);
  const image = { aa: 0, image_name: 'app', image_tag: '2026-11-22.1', image_file: join(site.folder, 'away.sif') };
  await expect(resumeRun(bench, { ...run, ...image })).rejects.toMatchObject({
    code: 'inputMissing',
    message: 'the image app:2026-11-22.1 is not there any more',
  });
  expect(await submissionsOfRun(site.store, run.id)).toHaveLength(2);
});

const record: LegRecord = {
  schema: 1,
  job_id: 1,
  allocation: 0,
  position: 0,
  leg: 'bare',
  exit_code: 0,
  started: 0,
  ended: 1,
  launches: 1,
  tasks: 1,
  proofs: 1,
  places: ['outside none'],
  nodes: ['c1'],
  stdout_sha256: '0'.repeat(64),
  stderr_sha256: '0'.repeat(64),
  covariates: {},
};

it('a leg that failed is told with what its program said of it', async () => {
  const folder = join(site.folder, 'failed');
  mkdirSync(folder);
  const reading = {
    image: undefined,
    time: 10,
    parse: () => ({ measurements: [], parameters: {} }),
    needsOutput: true,
  };
  writeFileSync(join(folder, 'stdout'), 'x');
  const stdout_sha256 = createHash('sha256').update('x').digest('hex');
  const read = async (exit_code: number) =>
    (await readLeg(folder, { ...record, stdout_sha256, exit_code }, reading)).invalid;
  // There is no such file.
  expect(await read(3)).toBe('it ended with exit code 3');
  writeFileSync(join(folder, 'stderr'), 'INFO:    x\nHPL ERROR: no grid\nsrun: error: c1: task 0: Exited\n');
  expect(await read(3)).toBe('it ended with exit code 3: HPL ERROR: no grid');
  expect(await read(124)).toBe('it took longer than 10 s and was stopped');
  writeFileSync(join(folder, 'stderr'), 'a\0b');
  expect(await read(3)).toBe('it ended with exit code 3');
});

it('100 MB of output are a reason, not a number, and are not read', async () => {
  const folder = join(site.folder, 'leg');
  mkdirSync(folder);
  writeFileSync(join(folder, 'stdout'), 'time 1.0\n');
  truncateSync(join(folder, 'stdout'), 100 * 2 ** 20);
  const parse = (): never => {
    throw new Error('it was read');
  };
  expect(await readLeg(folder, record, { image: undefined, time: 10, parse, needsOutput: true })).toEqual({
    measurements: [],
    parameters: {},
    invalid: 'the output has 100 MiB, more than 16',
  });
});
