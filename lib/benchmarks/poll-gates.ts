import { randomBytes } from 'node:crypto';

import type { BuildSite } from '../builds/build-site.ts';
import { openGates } from '../builds/open-gates.ts';
import { writeCatalogue } from '../builds/write-catalogue.ts';
import type { GateSettings } from '../config/schema.ts';
import { benchmarkRun } from '../store/benchmark-runs.ts';
import { submissionsOfRun } from '../store/benchmark-submissions.ts';
import { changeGate, closedGates, type ImageGate } from '../store/image-gates.ts';
import { epochSeconds } from '../util/clock.ts';
import { briefErrorText, CtmgrError } from '../util/errors.ts';
import { type BenchProgress, benchProgress } from './bench-progress.ts';
import { usualAllocationsOf } from './draw-plan.ts';
import { findBenchmark } from './find-definition.ts';
import { decideGate, recordDecision } from './decide-gate.ts';
import { planRun, type RunRequest } from './plan-run.ts';
import { resumeRun, startRun } from './start-run.ts';
import { differenceLevel } from './statistics/difference.ts';

export interface GateReport {
  /** What has changed, in words for the reader. */
  news: string[];
  problems: string[];
  /** The catalogue could not be written, so it does not show what the store holds. */
  catalogueBehind: boolean;
}

/** Submissions of a gate's run that ctmgr tries by itself, if none of them has reached Slurm. */
const mostSubmissions = 3;

/** What a gate's row is changed to; nothing if it says so already. */
type Change = Partial<Pick<ImageGate, 'state' | 'message'>>;

/**
 * One pass over the gates in front of images, after `collectBenchmarks`: submits a benchmark run for each image that waits
 * for one, decides about those whose pairs are all there, and lets names mean what has passed. What cannot be run or has not
 * brought all pairs is neither better nor worse: the image stays where it is, and the gate says why. `catalogueBehind` is
 * what the pass before reported.
 */
export async function pollGates(site: BuildSite, catalogueBehind = false): Promise<GateReport> {
  const report: GateReport = { news: [], problems: [], catalogueBehind };
  for (const gate of await closedGates(site.store)) {
    if (gate.state !== 'waiting' && gate.state !== 'running') continue;
    try {
      if (gate.state === 'waiting') await begin(site, gate, report);
      else await carryOn(site, gate, report);
    } catch (error) {
      if (!(error instanceof CtmgrError)) throw error;
      await stopFor(site, gate, explain(error), report);
    }
  }
  const { live, problems } = await openGates(site);
  report.news.push(...live.map((name) => `${name} has passed its gates and means the new image`));
  report.problems.push(...problems);
  if (report.news.length > 0 || report.catalogueBehind) await show(site, report);
  return report;
}

async function begin(site: BuildSite, gate: ImageGate, report: GateReport): Promise<void> {
  const settings = site.config.gates[gate.gate];
  if (settings === undefined) {
    const why = `there is no [gates.${gate.gate}] in the configuration any more`;
    return stopFor(site, gate, `${why}. Put it back, or: ctmgr publish ${gate.tag} --message WHY`, report);
  }
  const { file, sha256, name, tag } = gate;
  if (file === null || sha256 === null) return stopFor(site, gate, 'the image has no file', report);
  const found = await findBenchmark(site.config, settings.benchmark);
  const request = requestFor(settings, { name, tag, sha256, file });
  const { run, report: submission } = await startRun(site, found, request, planRun(found, site.config, request), {
    // In the transaction that stores the run: after a crash neither is there or both are, and no image is measured twice.
    alsoRecord: async (db, row) => {
      const change = { state: 'running', benchmark_run_id: row.id, message: null, changed_at: epochSeconds() } as const;
      if (await changeGate(db, gate, change)) return;
      throw new CtmgrError('tryAgain', 'another process was quicker');
    },
  });
  report.news.push(`gate ${gate.gate}: run ${run.name} for ${name}:${tag}: ${submission.message}`);
}

function requestFor(settings: GateSettings, image: NonNullable<RunRequest['image']>): RunRequest {
  const { pairs, allocations, parameters, nodes, tasks_per_node, margin, metrics } = settings;
  return {
    image,
    pairs,
    allocations: allocations ?? usualAllocationsOf(pairs, differenceLevel),
    seed: randomBytes(8).toString('hex'),
    parameters,
    nodes,
    tasksPerNode: tasks_per_node,
    margin,
    gap: undefined,
    constraint: undefined,
    deciding: metrics,
  };
}

async function carryOn(site: BuildSite, gate: ImageGate, report: GateReport): Promise<void> {
  if (gate.benchmark_run_id === null) return;
  const run = await benchmarkRun(site.store, gate.benchmark_run_id);
  const progress = await benchProgress(site.store, run);
  if (progress.state === 'running') return changeTo(site, gate, { message: null }, report);
  if (progress.state === 'complete') {
    const { passed, message } = decideGate(progress.data);
    return changeTo(site, gate, { state: passed ? 'passed' : 'held', message }, report);
  }
  const last = (await submissionsOfRun(site.store, run.id)).at(-1);
  const due = epochSeconds() - (last?.attempted_at ?? 0) >= site.config.retry.delay;
  if (last?.state === 'refused' && last.number < mostSubmissions) {
    if (!due) return;
    const again = await resumeRun(site, run);
    if (again !== undefined) report.news.push(`gate ${gate.gate}: run ${run.name} again: ${again.report.message}`);
    return;
  }
  await stopFor(site, gate, incomplete(run.name, progress), report);
}

function incomplete(run: string, { done, planned, messages }: BenchProgress): string {
  const why = messages.at(-1) ?? 'its jobs are over';
  return `cannot tell: ${run} has ${done} of ${planned} pairs (${why}). Try: ctmgr bench resume ${run}`;
}

async function stopFor(site: BuildSite, gate: ImageGate, message: string, report: GateReport): Promise<void> {
  await changeTo(site, gate, { message }, report);
}

async function changeTo(site: BuildSite, gate: ImageGate, to: Change, report: GateReport): Promise<void> {
  const state = to.state ?? gate.state;
  const message = to.message === undefined ? gate.message : to.message;
  if (state === gate.state && message === gate.message) return;
  const now = epochSeconds();
  const decided = state === 'passed' || state === 'held';
  const done = await site.store.transaction().execute(async (db) => {
    const row = { state, message, told: 0, changed_at: now };
    if (!(await changeGate(db, gate, row))) return false;
    if (decided) await recordDecision(db, site.actor, { ...gate, message }, state === 'passed', now);
    return true;
  });
  if (done) report.news.push(`gate ${gate.gate}, ${gate.name}:${gate.tag}: ${message ?? state}`);
}

function explain({ message, why }: CtmgrError): string {
  return `cannot be run: ${[message, ...(why === undefined ? [] : [why])].join(': ')}`;
}

async function show(site: BuildSite, report: GateReport): Promise<void> {
  try {
    await writeCatalogue(site.store, site.paths);
    report.catalogueBehind = false;
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    report.problems.push(briefErrorText(error));
    report.catalogueBehind = true;
  }
}
