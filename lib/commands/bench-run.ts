import { randomBytes } from 'node:crypto';

import { findImage } from '../builds/read-catalogue.ts';
import { type BenchSite, jobUserOf, makeBenchSite } from '../benchmarks/bench-site.ts';
import { canShow, countPlans, fewestPairs, usualAllocationsOf } from '../benchmarks/draw-plan.ts';
import { findBenchmark } from '../benchmarks/find-definition.ts';
import { batchScript, submissionFolder } from '../benchmarks/make-submission.ts';
import { type PlannedRun, planRun, type RunRequest } from '../benchmarks/plan-run.ts';
import { requireSlurm, startRun } from '../benchmarks/start-run.ts';
import { differenceLevel, selfLevel } from '../benchmarks/statistics/difference.ts';
import { equivalenceLevel } from '../benchmarks/statistics/equivalence.ts';
import { countNoun } from '../util/count-noun.ts';
import { CtmgrError } from '../util/errors.ts';
import type { Answer, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';
import { readCount, readMargin, readSettings } from './read-settings.ts';
import { answerSubmission } from './wait-for-bench.ts';

interface Arguments {
  name: string;
  image?: string;
  pairs: string;
  allocations?: string;
  nodes?: string;
  'tasks-per-node'?: string;
  margin?: string;
  seed?: string;
  set: string[];
  gap?: string;
  constraint?: string;
  aa: boolean;
  'dry-run': boolean;
  wait: boolean;
}

/** `ctmgr bench run NAME`: draws the order of all pairs, stores it, submits one job array. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const site = makeBenchSite(await context.store(), context.config, context.paths, context.caller.name);
  const found = await findBenchmark(context.config, argv.name);
  const request = await readRequest(argv, context);
  const planned = planRun(found, context.config, request);
  if (argv['dry-run']) return dryRun(site, argv.name, request, planned);
  // Without Slurm (69) there is nothing to store.
  await requireSlurm(site);
  const started = await startRun(site, found, request, planned);
  const { run: row } = started;
  context.terminal.say(`Run ${row.name}: ${request.pairs} pairs, seed ${row.seed}`);
  for (const note of limits(request)) context.terminal.say(`  ${note}`);
  return answerSubmission(site, context, started, argv.wait);
}

async function readRequest(argv: Arguments, context: Context): Promise<RunRequest> {
  if (argv.aa === (argv.image !== undefined)) {
    throw new CtmgrError('usage', argv.aa ? '--aa runs no image: both legs are bare metal' : 'an image is missing', {
      hint: `ctmgr bench run ${argv.name} ${argv.aa ? '--aa' : '--image NAME[:TAG]'}`,
    });
  }
  const pairs = readCount('--pairs', argv.pairs, 2) ?? 20;
  return {
    image: argv.image === undefined ? undefined : imageOf(findImage(await loadCatalogue(context), argv.image)),
    pairs,
    allocations: readCount('--allocations', argv.allocations) ?? usualAllocationsOf(pairs, levelOf(argv.aa)),
    seed: argv.seed ?? randomBytes(8).toString('hex'),
    parameters: readSettings(argv.set),
    nodes: readCount('--nodes', argv.nodes),
    tasksPerNode: readCount('--tasks-per-node', argv['tasks-per-node']),
    margin: readMargin(argv.margin),
    gap: readCount('--gap', argv.gap, 0),
    constraint: argv.constraint,
  };
}

/** What the plan cannot answer, whatever is measured. */
function limits({ image, pairs, allocations }: RunRequest): string[] {
  const level = levelOf(image === undefined);
  if (canShow(pairs, allocations, level)) return [];
  const ways = `${pairs} pairs in ${countNoun(allocations, 'allocation')} can be drawn in ${countPlans(pairs, allocations)} ways`;
  if (!canShow(pairs, allocations, equivalenceLevel)) {
    const least = `at least ${fewestPairs(equivalenceLevel)} pairs, ${fewestPairs(level)} to show that there is one`;
    return [`${ways}: they can show nothing, whatever they measure; that there is no difference takes ${least}`];
  }
  return [
    `${ways}: they can show that there is no difference, but not that there is one; that takes at least ${fewestPairs(level)} pairs`,
  ];
}

function levelOf(aa: boolean): number {
  return aa ? selfLevel : differenceLevel;
}

function imageOf({ name, tag, sha256, file }: ReturnType<typeof findImage>): RunRequest['image'] {
  if (sha256 === null || file === null) {
    throw new CtmgrError('inputMissing', `the image ${name}:${tag} has no file`, { hint: `ctmgr show ${name}` });
  }
  return { name, tag, sha256, file };
}

function dryRun(site: BenchSite, name: string, request: RunRequest, planned: PlannedRun): Answer {
  const { plan, settings, metrics, parameters, requested } = planned;
  const script = batchScript(site.config, {
    folder: submissionFolder(`${site.paths.bench}/RUN`, 1),
    image: request.image,
    settings,
    runScript: planned.script,
    pairs: plan.pairs,
  });
  const lines = plan.pairs.map(({ allocation, position, sequence }) => `  ${allocation}  ${position}  ${sequence}`);
  const text = [
    `${name}: ${plan.pairs.length} pairs in ${countNoun(request.allocations, 'allocation')}, seed ${plan.seed}, jobs of ${jobUserOf(site)}`,
    ...limits(request),
    'Plan (allocation, position, order):',
    ...lines,
    '',
    script,
    'Nothing was changed.',
    '',
  ].join('\n');
  const record = {
    benchmark: name,
    image: request.image ?? null,
    plan,
    settings,
    metrics,
    parameters,
    requested,
    script,
  };
  return { kind: 'record', record, text };
}
