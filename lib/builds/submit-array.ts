import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { templatePath } from '../config/paths.ts';
import { resourceClass } from '../config/resource-class.ts';
import { slurmVersion } from '../slurm/controller.ts';
import { type ArraySubmission, submitArguments, submitArray } from '../slurm/submit-array.ts';
import { type BuildArray, markRefused, markSubmitted, markSubmitting, releaseArray } from '../store/build-arrays.ts';
import { insertEvent } from '../store/events.ts';
import { changeInstance, instancesOfArray, moveInstancesOfArray } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { epochSeconds } from '../util/clock.ts';
import { countNoun } from '../util/count-noun.ts';
import { errorText } from '../util/errors.ts';
import { processIdentity } from '../util/process-identity.ts';
import { renderTemplate } from '../util/template.ts';
import { awaitBases } from './await-bases.ts';
import type { BuildSite } from './build-site.ts';
import { type KnownRecipes, materialise } from './materialise.ts';
import { arrayFolder } from './tag-folders.ts';
import { buildScriptData } from './task-files.ts';

/** What came of a submission, in words for the reader. */
export interface SubmissionReport {
  kind: 'submitted' | 'refused' | 'unknown' | 'taken' | 'waits';
  message: string;
}

/**
 * Prepares and submits a planned array that this process owns. `submitting` is recorded before sbatch is called, so
 * that a crash or a lost answer leaves a doubt that `recoverSubmissions` can settle, and never a second array. An array whose
 * images are built from others that are not finished yet is left to the poller (`waits`).
 */
export async function submitPlannedArray(
  site: BuildSite,
  array: BuildArray,
  known?: KnownRecipes,
): Promise<SubmissionReport> {
  const wait = await awaitBases(site, array);
  if (wait !== undefined) return wait;
  const prepared = await prepare(site, array, known);
  if (!(await markSubmitting(site.store, array.id, processIdentity(), epochSeconds()))) {
    return { kind: 'taken', message: `another process submits ${array.tag}` };
  }
  const indices = await takeWanted(site, array);
  if (indices.length === 0) return { kind: 'submitted', message: `nothing is left to submit for ${array.tag}` };
  const submission = { ...prepared, indices };
  const reply = await submitArray(site.slurm, submission);
  switch (reply.kind) {
    case 'accepted':
      await confirmSubmission(site, array, reply);
      return { kind: 'submitted', message: describeArray(array, submission.indices.length, reply.jobId) };
    case 'refused':
      await site.store.transaction().execute((db) => refuse(db, site, array, reply.message));
      return { kind: 'refused', message: `Slurm refused the array of class ${array.class}: ${reply.message}` };
    case 'unknown':
      await releaseArray(site.store, array.id, { message: reply.message, missingSince: null });
      return { kind: 'unknown', message: `no clear answer from Slurm, the array may exist: ${reply.message}` };
  }
}

/**
 * The indices to submit: whoever has been cancelled since the array was planned is not. From here on a cancellation meets an
 * array that is being submitted, and waits for its job.
 */
async function takeWanted(site: BuildSite, array: BuildArray): Promise<number[]> {
  return site.store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const pending = (await instancesOfArray(db, array.id)).filter(({ status }) => status === 'pending');
    const unwanted = pending.filter(({ cancelled_by }) => cancelled_by !== null);
    for (const { id, cancelled_by } of unwanted) {
      const message = `cancelled by ${cancelled_by}`;
      await changeInstance(db, id, 'pending', { status: 'cancelled', message, ended_at: now, changed_at: now });
    }
    if (unwanted.length === pending.length) await markRefused(db, array.id, 'nothing of it was left to submit');
    return pending.filter(({ cancelled_by }) => cancelled_by === null).map(({ array_index }) => array_index);
  });
}

async function prepare(site: BuildSite, array: BuildArray, known: KnownRecipes | undefined): Promise<ArraySubmission> {
  try {
    await materialise(site, array, known);
    return await makeSubmission(site, array);
  } catch (error) {
    // sbatch has not been called: whoever polls next may try again, also this process.
    await releaseArray(site.store, array.id, { message: errorText(error), missingSince: null });
    throw error;
  }
}

/** Records the job id that Slurm gave an array. */
export async function confirmSubmission(
  site: BuildSite,
  array: BuildArray,
  job: { jobId: number; cluster?: string },
): Promise<void> {
  await site.store.transaction().execute(async (db) => {
    const now = epochSeconds();
    await markSubmitted(db, array.id, job, now);
    await moveInstancesOfArray(db, array.id, 'pending', { status: 'queued', changed_at: now });
    const detail = { job_id: job.jobId, class: array.class };
    await insertEvent(db, { actor: site.actor, kind: 'array.submit', subject: array.tag, detail }, now);
  });
}

/** `job array 5 (class default): 1 image`. */
export function describeArray(array: BuildArray, elements: number, jobId: number): string {
  return `job array ${jobId} (class ${array.class}): ${countNoun(elements, 'image')}`;
}

/** Everything that sbatch gets for an array; also what `--dry-run` shows. */
export async function makeSubmission(site: BuildSite, array: BuildArray): Promise<ArraySubmission> {
  const pending = (await instancesOfArray(site.store, array.id)).filter(({ status }) => status === 'pending');
  return submissionFor(
    site,
    array,
    pending.map(({ array_index }) => array_index),
  );
}

/** Apptainer removes its own files when it is asked to stop; Slurm's KillWait (30 s by default) must be longer. */
const graceSeconds = 5;

/** What sbatch gets for these indices of an array: the batch script, and the options of the array's resource class. */
export function submissionFor(
  site: BuildSite,
  array: Pick<BuildArray, 'tag' | 'marker' | 'class'> & Partial<Pick<BuildArray, 'throttle' | 'begin_delay'>>,
  indices: number[],
): ArraySubmission {
  const { config, paths } = site;
  const resources = resourceClass(config, array.class);
  const folder = arrayFolder(paths, array);
  const path = templatePath('sbatch-templates', 'build.sbatch.mustache', config);
  const data = buildScriptData({
    tasksFolder: folder,
    apptainer: config.apptainer.path,
    scratchParent: config.build.scratch,
    buildArguments: config.build.arguments,
    environment: config.build.environment,
    requeues: config.retry.requeues,
    graceSeconds,
  });
  return {
    jobName: array.marker,
    script: renderTemplate(readFileSync(path, 'utf8'), data, path),
    indices,
    // 0 of a tag takes the configuration's limit away.
    throttle: (array.throttle ?? config.build.throttle) || undefined,
    beginDelay: array.begin_delay,
    user: site.asRoot ? site.builder : undefined,
    workDir: folder,
    output: join(folder, '%a', 'stdout'),
    error: join(folder, '%a', 'stderr'),
    resources: { ...resources, extraArguments: resources.extra_arguments },
  };
}

/** The command that a submission is, as an argument list; throws `unavailable` (69) without a usable sbatch. */
export async function sbatchCommand(site: BuildSite, submission: ArraySubmission): Promise<string[]> {
  return ['sbatch', ...submitArguments(submission, await slurmVersion(site.slurm))];
}

async function refuse(db: Store, site: BuildSite, array: BuildArray, message: string): Promise<void> {
  const now = epochSeconds();
  await markRefused(db, array.id, message);
  await moveInstancesOfArray(db, array.id, 'pending', {
    status: 'failure',
    failure_kind: 'infrastructure',
    message: `Slurm refused the job: ${message}`,
    ended_at: now,
    changed_at: now,
  });
  const detail = { class: array.class, message };
  await insertEvent(db, { actor: site.actor, kind: 'array.refuse', subject: array.tag, detail }, now);
}
