import type { Generated } from 'kysely';

/** `waiting`: no run yet; `held`: not good enough; `passed`: about to open. A message says what keeps it from going on. */
export type GateState = 'waiting' | 'running' | 'held' | 'passed' | 'open';

export type SubmissionState = 'planned' | 'submitting' | 'submitted' | 'refused' | 'finished';

/** The tables of benchmark runs. All times are seconds since the epoch; columns named in the comments hold JSON text. */
export interface BenchmarkTables {
  /** JSON: definition, parameters, requested, metrics, settings. All that was decided before the first job. */
  benchmark_run: {
    id: Generated<number>;
    name: string;
    benchmark: string;
    summary: string;
    definition: string;
    parameters: string;
    requested: string;
    metrics: string;
    settings: string;
    run_script: string;
    /** Empty, as the next three, if both legs are bare metal. */
    image_name: string;
    image_tag: string;
    image_sha256: string;
    image_file: string;
    aa: number;
    seed: string;
    generator: string;
    allocations: number;
    folder: string;
    job_user: string;
    created_at: number;
    created_by: string;
  };
  benchmark_pair: {
    benchmark_run_id: number;
    allocation: number;
    block: number;
    position: number;
    sequence: 'bare-first' | 'container-first';
  };
  /** JSON: allocations, the array indices. */
  benchmark_submission: {
    id: Generated<number>;
    benchmark_run_id: number;
    number: number;
    marker: string;
    script: string;
    allocations: string;
    state: SubmissionState;
    submitter: string | null;
    attempted_at: number | null;
    missing_since: number | null;
    job_id: number | null;
    submitted_at: number | null;
    message: string | null;
  };
  /** JSON: measurements, parameters, nodes, covariates. Position -1 is the warm-up. Times have fractions. */
  benchmark_result: {
    benchmark_submission_id: number;
    allocation: number;
    position: number;
    leg: 'bare' | 'container';
    measurements: string;
    parameters: string;
    nodes: string;
    started: number;
    ended: number;
    exit_code: number;
    covariates: string;
    output: string;
    output_sha256: string;
    invalid: string | null;
    collected_at: number;
  };
  /** A benchmark that an image has to pass before its name means it. */
  image_gate: {
    container_instance_id: number;
    gate: string;
    state: GateState;
    benchmark_run_id: number | null;
    message: string | null;
    told: Generated<number>;
    changed_at: number;
  };
}
