import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { slurmVersion } from '../slurm/controller.ts';
import { type BenchmarkRun, insertBenchmarkRun, pairsOfRun } from '../store/benchmark-runs.ts';
import { submissionsOfRun } from '../store/benchmark-submissions.ts';
import { insertEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError, isSystemError } from '../util/errors.ts';
import { type BenchSite, jobUserOf, requireSubmitter } from './bench-site.ts';
import type { FoundBenchmark } from './find-definition.ts';
import { loadRunData } from './load-run-data.ts';
import type { PlannedRun, RunRequest } from './plan-run.ts';
import { type BenchSubmissionReport, planSubmission, submitSubmission } from './submit-run.ts';

export interface StartedRun {
  run: BenchmarkRun;
  report: BenchSubmissionReport;
}

/** Throws CtmgrError `unavailable` if Slurm's commands cannot be run, so that there is no use in storing a run. */
export async function requireSlurm({ slurm }: Pick<BenchSite, 'slurm'>): Promise<void> {
  await slurmVersion(slurm);
}

/**
 * Stores a run with its plan and first submission in one transaction, and then submits it. What `alsoRecord` writes belongs
 * to that transaction; if it throws, there is no run.
 */
export async function startRun(
  site: BenchSite,
  found: FoundBenchmark,
  request: RunRequest,
  planned: PlannedRun,
  more: { alsoRecord?: (db: Store, run: BenchmarkRun) => Promise<void> } = {},
): Promise<StartedRun> {
  const now = epochSeconds();
  const { pairs } = planned.plan;
  const { run, submission } = await site.store.transaction().execute(async (db) => {
    const row = await insertBenchmarkRun(
      db,
      {
        benchmark: found.name,
        summary: found.definition.summary,
        definition: JSON.stringify(found.definition),
        parameters: JSON.stringify(planned.parameters),
        requested: JSON.stringify(planned.requested),
        metrics: JSON.stringify(planned.metrics),
        settings: JSON.stringify(planned.settings),
        run_script: planned.script,
        image_name: request.image?.name ?? '',
        image_tag: request.image?.tag ?? '',
        image_sha256: request.image?.sha256 ?? '',
        image_file: request.image?.file ?? '',
        aa: request.image === undefined ? 1 : 0,
        seed: planned.plan.seed,
        generator: planned.plan.generator,
        allocations: request.allocations,
        job_user: jobUserOf(site),
        created_at: now,
        created_by: site.actor,
      },
      pairs,
      new Date(now * 1000).toISOString().slice(0, 10),
      (name) => join(site.paths.bench, name),
    );
    const first = await planSubmission(db, site, row, pairs);
    await more.alsoRecord?.(db, row);
    const detail = { pairs: pairs.length, allocations: request.allocations, seed: row.seed };
    await insertEvent(db, { actor: site.actor, kind: 'bench.run', subject: row.name, detail }, now);
    return { run: row, submission: first };
  });
  return { run, report: await submitSubmission(site, run, submission, pairs) };
}

/**
 * Submits what a run still lacks, in the order that was drawn at its beginning; undefined if nothing is missing. A pair whose
 * legs both have a record is not run again, whatever they say. Refused (75) while a job of the run may still bring some, and
 * (66) if the image is not there any more.
 */
export async function resumeRun(site: BenchSite, run: BenchmarkRun): Promise<StartedRun | undefined> {
  requireSubmitter(site, run.job_user);
  const prepared = await site.store.transaction().execute(async (db) => {
    const open = (await submissionsOfRun(db, run.id)).find(({ state }) => state !== 'refused' && state !== 'finished');
    if (open !== undefined) {
      throw new CtmgrError('tryAgain', `${run.name} is not over yet`, {
        why: open.job_id === null ? 'a submission is in doubt' : `job array ${open.job_id} is not finished`,
        hint: `ctmgr bench status ${run.name}${open.job_id === null ? '' : `, or: scancel ${open.job_id}`}`,
      });
    }
    const data = await loadRunData(db, run);
    const complete = new Set(
      data.pairs.filter(({ bare, container }) => bare !== undefined && container !== undefined).map(placeOf),
    );
    const missing = (await pairsOfRun(db, run.id)).filter((pair) => !complete.has(placeOf(pair)));
    if (missing.length === 0) return undefined;
    await requireImage(run);
    return { missing, submission: await planSubmission(db, site, run, missing) };
  });
  if (prepared === undefined) return undefined;
  return { run, report: await submitSubmission(site, run, prepared.submission, prepared.missing) };
}

/** An image that only others may look at counts as there: the job will say what is wrong with it. */
async function requireImage({ image_name: name, image_tag: tag, image_file: file, aa }: BenchmarkRun): Promise<void> {
  if (aa === 1) return;
  try {
    await access(file);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) return;
    throw new CtmgrError('inputMissing', `the image ${name}:${tag} is not there any more`, {
      why: `there is no ${file}`,
      hint: 'put it back from a backup, or run the benchmark anew with another image; what has run stays in the report',
      cause: error,
    });
  }
}

function placeOf({ allocation, position }: { allocation: number; position: number }): string {
  return `${allocation} ${position}`;
}
