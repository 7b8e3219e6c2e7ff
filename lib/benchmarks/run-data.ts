import type { PlannedPair } from './draw-plan.ts';
import type { Measurement } from './parsers/output.ts';
import type { Direction } from './statistics/pair.ts';

/** One metric of a benchmark. */
export interface MetricDefinition {
  name: string;
  /** As people write it: `Gflop/s`. */
  unit: string;
  direction: Direction;
  /** The difference that does not matter, as a fraction: 0.01 is 1 %. */
  margin: number;
  /** Left out of the report of a run no leg of which has it. */
  if_printed?: true | undefined;
  /** Only on metrics of a gate that names its metrics: all of these have to be not worse. Otherwise the first one decides. */
  decides?: true;
}

/** One leg of a pair, as it was collected. */
export interface Leg {
  measurements: Measurement[];
  /** What the program says it ran with. */
  parameters: Record<string, string>;
  nodes: string[];
  /** Seconds since the epoch, with fractions. */
  started: number;
  ended: number;
  /** What was read beside the run: frequency, temperature, versions, hashes of binaries. */
  covariates: Record<string, string>;
  /** The raw output, relative to the run's folder. */
  output: string;
  outputSha256: string;
  /** Why this run is no result; its measurements are empty then. */
  invalid: string | undefined;
}

/** A planned pair with what has come of it so far. */
export interface CollectedPair extends PlannedPair {
  bare: Leg | undefined;
  container: Leg | undefined;
}

/** What became of the warm-ups of one allocation that pairs of the run come from: one of each leg. */
export interface WarmUp {
  /** Number of the submission. */
  submission: number;
  allocation: number;
  /** Those that ended well. */
  legs: ('bare' | 'container')[];
}

/** Everything that a report says of one benchmark run comes from here. */
export interface RunData {
  name: string;
  benchmark: string;
  summary: string;
  image: { name: string; tag: string; sha256: string };
  /** True: both legs are bare metal, to check the method itself. */
  aa: boolean;
  seed: string;
  generator: string;
  created: number;
  createdBy: string;
  jobs: number[];
  /** The first one decides, or those that `decides` is true of. */
  metrics: MetricDefinition[];
  /** Parameters that both legs have to echo. */
  requested: Record<string, string>;
  /** Those of them that not every version of the program prints: compared where they are printed. */
  ifPrinted?: readonly string[];
  allocations: number;
  warmUps: WarmUp[];
  pairs: CollectedPair[];
}
