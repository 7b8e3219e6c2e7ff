import type { BenchmarkRun } from '../store/benchmark-runs.ts';
import { pairsOfRun } from '../store/benchmark-runs.ts';
import { type BenchmarkResult, resultsOfRun, submissionsOfRun } from '../store/benchmark-submissions.ts';
import type { Store } from '../store/open.ts';
import type { Definition } from './definition.ts';
import type { PlannedPair } from './draw-plan.ts';
import type { CollectedPair, Leg, MetricDefinition, RunData, WarmUp } from './run-data.ts';

/** Everything that a report says of a run, from the database alone: the same rows give the same data. */
export async function loadRunData(db: Store, run: BenchmarkRun): Promise<RunData> {
  const submissions = await submissionsOfRun(db, run.id);
  const results = await resultsOfRun(db, run.id);
  const numbers = new Map(submissions.map(({ id, number }) => [id, number]));
  const pairs = await pairsOfRun(db, run.id);
  return {
    name: run.name,
    benchmark: run.benchmark,
    summary: run.summary,
    image: { name: run.image_name, tag: run.image_tag, sha256: run.image_sha256 },
    aa: run.aa === 1,
    seed: run.seed,
    generator: run.generator,
    created: run.created_at,
    createdBy: run.created_by,
    jobs: submissions.flatMap(({ job_id }) => (job_id === null ? [] : [job_id])),
    metrics: JSON.parse(run.metrics) as MetricDefinition[],
    requested: JSON.parse(run.requested) as Record<string, string>,
    ifPrinted: optionalEchoes(run),
    allocations: run.allocations,
    warmUps: warmUpsOf(results, numbers),
    pairs: pairs.map(({ benchmark_run_id: _run, ...pair }) => collect(pair, results, numbers)),
  };
}

function optionalEchoes({ definition }: BenchmarkRun): string[] {
  const { parameters = {} } = JSON.parse(definition) as Partial<Definition>;
  return Object.values(parameters).flatMap(({ echoed, if_printed }) =>
    if_printed && echoed !== undefined ? [echoed] : [],
  );
}

/**
 * Both legs of a pair have to come from one allocation of nodes: the first submission that has both counts; if none has, the
 * last one shows what there is.
 */
function collect(
  pair: PlannedPair,
  results: readonly BenchmarkResult[],
  numbers: ReadonlyMap<number, number>,
): CollectedPair {
  const here = results.filter(
    ({ allocation, position }) => allocation === pair.allocation && position === pair.position,
  );
  const attempts = [...new Set(here.map(({ benchmark_submission_id: id }) => id))].map((id) => {
    const find = (leg: 'bare' | 'container'): BenchmarkResult | undefined =>
      here.find((row) => row.benchmark_submission_id === id && row.leg === leg);
    return { bare: find('bare'), container: find('container') };
  });
  const both = attempts.find(({ bare, container }) => bare !== undefined && container !== undefined) ?? attempts.at(-1);
  const warm = results.filter(({ position, allocation }) => position === -1 && allocation === pair.allocation);
  return { ...pair, bare: legOf(both?.bare, warm, numbers), container: legOf(both?.container, warm, numbers) };
}

/** Of every allocation of a submission that has brought a leg of a pair. */
function warmUpsOf(results: readonly BenchmarkResult[], numbers: ReadonlyMap<number, number>): WarmUp[] {
  const places = Map.groupBy(
    results,
    ({ benchmark_submission_id: id, allocation }) => `${numbers.get(id) ?? 0} ${allocation}`,
  );
  return [...places.values()].flatMap((rows) => {
    const [first] = rows;
    if (first === undefined || rows.every(({ position }) => position === -1)) return [];
    const legs = (['bare', 'container'] as const).filter((leg) =>
      rows.some((row) => row.position === -1 && row.leg === leg && row.invalid === null),
    );
    return [{ submission: numbers.get(first.benchmark_submission_id) ?? 0, allocation: first.allocation, legs }];
  });
}

/** With what the warm-up of the same leg said of its programs. */
function legOf(
  row: BenchmarkResult | undefined,
  warmUps: readonly BenchmarkResult[],
  numbers: ReadonlyMap<number, number>,
): Leg | undefined {
  if (row === undefined) return undefined;
  const warm = warmUps.find(
    ({ benchmark_submission_id: id, leg }) => id === row.benchmark_submission_id && leg === row.leg,
  );
  const ofPrograms = Object.entries(covariatesOf(warm)).filter(([name]) =>
    /^(program-|(mpi|ucx|libfabric)$)/.test(name),
  );
  return {
    measurements: JSON.parse(row.measurements) as Leg['measurements'],
    parameters: JSON.parse(row.parameters) as Leg['parameters'],
    nodes: JSON.parse(row.nodes) as string[],
    started: row.started,
    ended: row.ended,
    covariates: { ...Object.fromEntries(ofPrograms), ...covariatesOf(row) },
    output: `${numbers.get(row.benchmark_submission_id) ?? 0}/${row.output}`,
    outputSha256: row.output_sha256,
    invalid: row.invalid ?? undefined,
  };
}

function covariatesOf(row: BenchmarkResult | undefined): Record<string, string> {
  return row === undefined ? {} : (JSON.parse(row.covariates) as Record<string, string>);
}
