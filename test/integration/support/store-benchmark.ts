import { drawPlan, type PlannedPair } from '../../../lib/benchmarks/draw-plan.ts';
import { type BenchmarkRun, insertBenchmarkRun } from '../../../lib/store/benchmark-runs.ts';
import { type BenchmarkSubmission, insertResult, insertSubmission } from '../../../lib/store/benchmark-submissions.ts';
import type { Store } from '../../../lib/store/open.ts';

export interface StoredBenchmark {
  run: BenchmarkRun;
  first: BenchmarkSubmission;
  plan: PlannedPair[];
}

/** Stores a run of four pairs in two allocations, a submission of it, and the first leg of its first pair. */
export async function storeBenchmark(store: Store): Promise<StoredBenchmark> {
  const { pairs: plan, seed, generator } = drawPlan('7', 4, 2);
  const metrics = [{ name: 'time', unit: 's', direction: 'lower-is-better', margin: 0.01 }];
  const settings = {
    benchmark: 'x',
    summary: 'x',
    definition: '{}',
    parameters: '{}',
    requested: '{}',
    settings: '{}',
  };
  const image = { image_name: 'app', image_tag: '2026-11-22.1', image_sha256: 'ab', image_file: '/app.sif' };
  const row = {
    ...settings,
    ...image,
    metrics: JSON.stringify(metrics),
    run_script: 'launch x',
    aa: 0,
    seed,
    generator,
  };
  const who = { job_user: 'admin', created_at: 1, created_by: 'admin', allocations: 2 };
  const run = await insertBenchmarkRun(store, { ...row, ...who }, plan, '2026-11-22', (name) => `/bench/${name}`);
  const first = await addSubmission(store, run, 1);
  await addLeg(store, first, 0, 0, 'bare', 1);
  return { run, first, plan };
}

export function addSubmission(store: Store, run: BenchmarkRun, number: number): Promise<BenchmarkSubmission> {
  const submission = {
    benchmark_run_id: run.id,
    number,
    marker: `m-${run.id}-${number}`,
    script: '',
    allocations: '[0,1]',
  };
  return insertSubmission(store, { ...submission, state: 'submitted', job_id: 10 + number });
}

export function addLeg(
  store: Store,
  { id }: BenchmarkSubmission,
  allocation: number,
  position: number,
  leg: 'bare' | 'container',
  value: number,
): Promise<boolean> {
  return insertResult(store, {
    benchmark_submission_id: id,
    allocation,
    position,
    leg,
    measurements: JSON.stringify([{ metric: 'time', value }]),
    parameters: '{}',
    nodes: '["c1"]',
    started: 1.5,
    ended: 2.5,
    exit_code: 0,
    covariates: '{}',
    output: 'x',
    output_sha256: '00',
    invalid: null,
    collected_at: 1,
  });
}
