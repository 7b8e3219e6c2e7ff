import { rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { stageContext } from '../definitions/context-archive.ts';
import type { ContextManifest } from '../definitions/context-manifest.ts';
import { contextArchive } from '../definitions/import-recipe.ts';
import type { RecipePlan } from '../definitions/recipe-plan.ts';
import { findJobsInAccounting, findJobsInQueue } from '../slurm/find-job.ts';
import { submitArray } from '../slurm/submit-array.ts';
import { changeVerification, type Verification } from '../store/verifications.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { makeFolder, makeTagFolders } from './make-folders.ts';
import { giveToBuilder, imageProcessor } from './materialise.ts';
import { explainShareError } from './share-error.ts';
import { submissionFor } from './submit-array.ts';
import { arrayFolder, logFiles, packagesFile, resultFile, taskFolder } from './tag-folders.ts';
import { taskEnvironment } from './task-files.ts';

/** A verification as a task: its name stands where the build tag of others does. */
export function placeOfVerification(row: Verification) {
  return { tag: row.name, name: row.subject, task_index: 0, marker: row.marker, group: row.group };
}

/**
 * Submits a verification that nobody has submitted yet. Returns what the reader should know if it did not work; the next
 * pass tries again, and should there ever be two jobs, one of them finds the task claimed and does nothing.
 */
export async function submitVerification(site: BuildSite, row: Verification): Promise<string | undefined> {
  const attempted_at = epochSeconds();
  try {
    await layOut(site, row);
  } catch (error) {
    if (error instanceof CtmgrError && error.code === 'inputMissing') {
      await failToSubmit(site, row, `${error.message}: ${error.why ?? ''}`);
      return undefined;
    }
    throw explainShareError(error, {
      code: 'cannotCreate',
      message: `cannot prepare ${row.name} on ${site.paths.share}`,
      hint: 'make the share writable, then: ctmgr poll',
    });
  }
  if (!(await changeVerification(site.store, row, { attempted_at }))) return undefined;
  row.attempted_at = attempted_at;
  const { class: className } = row;
  const submission = submissionFor(site, { ...placeOfVerification(row), class: className }, [0]);
  const reply = await submitArray(site.slurm, submission);
  if (reply.kind === 'accepted') await confirm(site, row, reply.jobId);
  else if (reply.kind === 'refused') await failToSubmit(site, row, `Slurm refused the job: ${reply.message}`);
  return reply.kind === 'unknown' ? `cannot tell whether Slurm has ${row.name}: ${reply.message}` : undefined;
}

async function failToSubmit(site: BuildSite, row: Verification, message: string): Promise<void> {
  const end = { status: 'failure', failure_kind: 'infrastructure', ended_at: epochSeconds() } as const;
  await changeVerification(site.store, row, { ...end, message });
}

/** Settles a submission whose answer was lost: adopts the job, or lets the next pass submit again. */
export async function settleSubmission(site: BuildSite, row: Verification): Promise<string | undefined> {
  const since = row.attempted_at ?? 0;
  const inQueue = await findJobsInQueue(site.slurm, row.marker, site.builder.name);
  const inAccounting = await findJobsInAccounting(site.slurm, row.marker, site.builder.name, since - 3600);
  const [job] = [inQueue, inAccounting].flatMap((answer) => (answer.ok ? answer.jobIds : []));
  if (job !== undefined) await confirm(site, row, job);
  else if (!inQueue.ok || !inAccounting.ok) return `cannot tell yet whether Slurm has ${row.name}`;
  else if (epochSeconds() - since >= site.config.poll.submit_settle) {
    await changeVerification(site.store, row, { attempted_at: null });
  }
  return undefined;
}

async function confirm(site: BuildSite, row: Verification, job_id: number): Promise<void> {
  if (await changeVerification(site.store, row, { status: 'queued', job_id }))
    Object.assign(row, { status: 'queued', job_id });
}

async function layOut(site: BuildSite, row: Verification): Promise<void> {
  const { paths } = site;
  const place = placeOfVerification(row);
  const ours = site.asRoot ? { uid: 0, gid: site.builder.gid } : site.builder;
  if (row.group === null) await makeFolder(site, join(paths.logs, row.name), site.builder, 0o755);
  else await makeTagFolders(site, row.name, row.group);
  await makeFolder(site, join(paths.results, row.name), site.builder, 0o755);
  await makeFolder(site, join(paths.tasks, row.name), ours, 0o750);
  const folder = taskFolder(paths, place);
  const view = arrayFolder(paths, place);
  for (const path of [folder, view]) {
    await rm(path, { recursive: true, force: true });
    await makeFolder(site, path, ours, 0o750);
  }
  const manifest = JSON.parse(row.context_manifest) as ContextManifest;
  const archive = contextArchive(paths.contexts, manifest.digest);
  await stageContext(JSON.parse(row.plan) as RecipePlan, manifest, archive, join(folder, 'context'));
  await writeFile(join(folder, 'recipe.def'), row.definition);
  const environment = taskEnvironment({
    name: row.subject,
    target: join(folder, 'image.sif'),
    result: resultFile(paths, place),
    packages: packagesFile(paths, place),
    source: 'definition',
    publish: false,
    ...imageProcessor(row.platform),
    test: /^%test\b/m.test(row.definition),
  });
  await writeFile(join(folder, 'task.env'), environment);
  const logs = logFiles(paths, place);
  await symlink(logs.out, join(folder, 'stdout'));
  await symlink(logs.err, join(folder, 'stderr'));
  await symlink(relative(view, folder), join(view, '0'));
  await giveToBuilder(site, [folder]);
}
