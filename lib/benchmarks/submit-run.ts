import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';

import { findJobsInAccounting, findJobsInQueue } from '../slurm/find-job.ts';
import { type ArraySubmission, submitArray } from '../slurm/submit-array.ts';
import { type BenchmarkRun, benchmarkRun } from '../store/benchmark-runs.ts';
import {
  type BenchmarkSubmission,
  changeSubmission,
  insertSubmission,
  openSubmissions,
  submissionsOfRun,
} from '../store/benchmark-submissions.ts';
import { insertEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';
import type { Account } from '../util/accounts.ts';
import { epochSeconds } from '../util/clock.ts';
import { countNoun } from '../util/count-noun.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { isAlive, processIdentity } from '../util/process-identity.ts';
import { type BenchSite, requireSubmitter } from './bench-site.ts';
import type { PlannedPair } from './draw-plan.ts';
import { arraySubmission, batchScript, submissionFolder } from './make-submission.ts';
import type { RunSettings } from './plan-run.ts';

/** What came of a submission, in words for the reader. */
export interface BenchSubmissionReport {
  kind: 'submitted' | 'refused' | 'unknown';
  message: string;
}

/**
 * Writes down the next submission of a run, with the text of its script, before sbatch is called: a crash or a lost
 * answer leaves a doubt that `settleSubmissions` can settle, and never a second array. Call it inside a transaction.
 */
export async function planSubmission(
  db: Store,
  site: BenchSite,
  run: BenchmarkRun,
  pairs: readonly PlannedPair[],
): Promise<BenchmarkSubmission> {
  const number = (await submissionsOfRun(db, run.id)).length + 1;
  const script = batchScript(site.config, {
    folder: submissionFolder(run.folder, number),
    image: run.aa === 1 ? undefined : { file: run.image_file, sha256: run.image_sha256 },
    settings: JSON.parse(run.settings) as RunSettings,
    runScript: run.run_script,
    pairs,
  });
  return insertSubmission(db, {
    benchmark_run_id: run.id,
    number,
    marker: `ctmgr-bench-${randomBytes(8).toString('hex')}`,
    script,
    allocations: JSON.stringify([...new Set(pairs.map(({ allocation }) => allocation))]),
    state: 'planned',
    submitter: processIdentity(),
  });
}

/** Makes the folders of a planned submission and submits it. Throws CtmgrError 73 for folders, 77 for another's run. */
export async function submitSubmission(
  site: BenchSite,
  run: BenchmarkRun,
  submission: BenchmarkSubmission,
  pairs: readonly PlannedPair[],
): Promise<BenchSubmissionReport> {
  const account = requireSubmitter(site, run.job_user);
  const folder = submissionFolder(run.folder, submission.number);
  const { id, marker, script } = submission;
  const array: ArraySubmission = arraySubmission(
    { marker, script, folder, pairs },
    JSON.parse(run.settings) as RunSettings,
    site.asRoot ? account : undefined,
  );
  try {
    for (const path of [run.folder, folder]) await makeFolder(path, site.asRoot ? account : undefined);
  } catch (error) {
    await changeSubmission(site.store, id, 'planned', { state: 'refused', submitter: null, message: errorText(error) });
    throw new CtmgrError('cannotCreate', `cannot make ${folder}`, {
      why: errorText(error),
      hint: `make ${site.paths.bench} with: ctmgr init; then: ctmgr bench resume ${run.name}`,
      cause: error,
    });
  }
  await changeSubmission(site.store, id, 'planned', { state: 'submitting', attempted_at: epochSeconds() });
  const reply = await submitArray(site.slurm, array);
  switch (reply.kind) {
    case 'accepted':
      await confirm(site, submission, run, reply.jobId);
      return {
        kind: 'submitted',
        message: `job array ${reply.jobId}: ${countNoun(array.indices.length, 'allocation')}`,
      };
    case 'refused':
      await changeSubmission(site.store, id, 'submitting', {
        state: 'refused',
        submitter: null,
        message: reply.message,
      });
      return { kind: 'refused', message: `Slurm refused the array: ${reply.message}` };
    case 'unknown':
      await changeSubmission(site.store, id, 'submitting', { submitter: null, message: reply.message });
      return { kind: 'unknown', message: `no clear answer from Slurm, the array may exist: ${reply.message}` };
  }
}

/**
 * Settles submissions that a crash or a lost answer left in doubt: the array is looked for by its marker and adopted if it
 * is there. Only if slurmctld *and* slurmdbd answer and keep denying it for `poll.submit_settle` seconds does it count as
 * never submitted, so that `bench resume` may submit again.
 */
export async function settleSubmissions(site: BenchSite): Promise<string[]> {
  const problems: string[] = [];
  for (const submission of await openSubmissions(site.store)) {
    const { id, state, submitter } = submission;
    if (state === 'submitted' || (submitter !== null && isAlive(submitter))) continue;
    const run = await benchmarkRun(site.store, submission.benchmark_run_id);
    if (state === 'planned') {
      const message = 'ctmgr was stopped before it submitted';
      await changeSubmission(site.store, id, 'planned', { state: 'refused', submitter: null, message });
    } else problems.push(...(await settle(site, run, submission)));
  }
  return problems;
}

async function settle(site: BenchSite, run: BenchmarkRun, submission: BenchmarkSubmission): Promise<string[]> {
  const { id, marker, attempted_at, missing_since } = submission;
  const queue = await findJobsInQueue(site.slurm, marker, run.job_user);
  // The clocks of this host and of the controller may differ.
  const since = (attempted_at ?? 0) - 3600;
  const accounting = await findJobsInAccounting(site.slurm, marker, run.job_user, since);
  const found = [queue, accounting].flatMap((answer) => (answer.ok ? answer.jobIds : []))[0];
  if (found !== undefined) {
    await confirm(site, submission, run, found);
    return [];
  }
  if (!queue.ok || !accounting.ok) {
    const why = [queue, accounting].flatMap((answer) => (answer.ok ? [] : [answer.message])).join('; ');
    return [`cannot tell yet whether Slurm has the array of ${run.name}: ${why}`];
  }
  const now = epochSeconds();
  if (now - (missing_since ?? now) < site.config.poll.submit_settle) {
    await changeSubmission(site.store, id, 'submitting', { missing_since: missing_since ?? now });
    return [`Slurm does not know the array of ${run.name} so far`];
  }
  const message = 'the submission never reached Slurm';
  await changeSubmission(site.store, id, 'submitting', { state: 'refused', submitter: null, message });
  return [`${run.name}: ${message}. Try: ctmgr bench resume ${run.name}`];
}

async function confirm(
  site: BenchSite,
  { id, number }: BenchmarkSubmission,
  run: BenchmarkRun,
  jobId: number,
): Promise<void> {
  const now = epochSeconds();
  const change = { state: 'submitted', submitter: null, message: null, job_id: jobId, submitted_at: now } as const;
  if (!(await changeSubmission(site.store, id, 'submitting', change))) return;
  const event = { actor: site.actor, kind: 'bench.submit', subject: run.name, detail: { job: jobId, number } };
  await insertEvent(site.store, event, now);
}

/** For the admins and the account whose jobs write there; the group comes from the folder around it. */
async function makeFolder(path: string, owner: Account | undefined): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return;
    throw error;
  }
  // A link put there meanwhile must not lead root's chown elsewhere.
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (owner !== undefined) await handle.chown(owner.uid, (await handle.stat()).gid);
    await handle.chmod(0o2770);
  } finally {
    await handle.close();
  }
}
