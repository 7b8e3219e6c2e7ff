import { cancelJobs } from '../slurm/cancel.ts';
import { findJobsInAccounting, findJobsInQueue } from '../slurm/find-job.ts';
import { arraysOfTag, type BuildArray, releaseArray, takeOverArray, unconfirmedArrays } from '../store/build-arrays.ts';
import { instancesOfArray } from '../store/instances.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';
import { isAlive, processIdentity } from '../util/process-identity.ts';
import { isAwaitingBases } from './await-bases.ts';
import type { BuildSite } from './build-site.ts';
import { readClaim } from './read-share.ts';
import { confirmSubmission, submitPlannedArray, type SubmissionReport } from './submit-array.ts';

/**
 * Carries on the submissions that a crash or a lost answer left unfinished. An array that sbatch was never called for
 * is submitted now. One that may have been is looked for by the claims of its elements and by its marker: if there is
 * a job, it is adopted (the oldest, should there be several; the others are cancelled); only if slurmctld *and* slurmdbd
 * answer and both keep denying it for `poll.submit_settle` seconds is it submitted again. No answer means no decision. `planned` leaves
 * out all that Slurm has to be asked about.
 */
export async function recoverSubmissions(
  site: BuildSite,
  which: 'all' | 'planned' = 'all',
): Promise<SubmissionReport[]> {
  const reports: SubmissionReport[] = [];
  for (const array of await unconfirmedArrays(site.store)) {
    if (array.state !== 'planned' ? which === 'planned' : await isAwaitingBases(site.store, array.id)) continue;
    if (array.submitter !== null && isAlive(array.submitter)) continue;
    if (!(await takeOverArray(site.store, array.id, array.submitter, processIdentity()))) continue;
    try {
      if (array.state === 'planned') reports.push(await submitPlannedArray(site, array));
      else reports.push(...(await settleDoubt(site, array)));
    } catch (error) {
      // One array that cannot be prepared must not keep the others, and the results of running ones, waiting.
      if (!(error instanceof CtmgrError)) throw error;
      const message = `cannot submit the array of ${array.tag} now: ${error.message}: ${error.why ?? ''}`;
      reports.push({ kind: 'unknown', message });
    }
  }
  return reports;
}

/**
 * Submits the arrays that somebody has recorded who may not submit. One that could not be submitted then is carried on by
 * `recoverSubmissions`, which comes more rarely.
 */
export async function submitHandedOver(site: BuildSite): Promise<SubmissionReport[]> {
  const reports: SubmissionReport[] = [];
  for (const array of await unconfirmedArrays(site.store)) {
    if (array.state !== 'planned' || array.submitter !== null || array.message !== null) continue;
    if (!(await takeOverArray(site.store, array.id, null, processIdentity()))) continue;
    try {
      reports.push(await submitPlannedArray(site, array));
    } catch (error) {
      if (!(error instanceof CtmgrError)) throw error;
      reports.push({
        kind: 'unknown',
        message: `cannot submit the array of ${array.tag} now: ${error.message}: ${error.why ?? ''}`,
      });
    }
  }
  return reports;
}

async function settleDoubt(site: BuildSite, array: BuildArray): Promise<SubmissionReport[]> {
  const claimants = await readClaims(site, array);
  if (claimants.length > 0) return adopt(site, array, claimants);
  const inQueue = await findJobsInQueue(site.slurm, array.marker, site.builder.name);
  if (inQueue.ok && inQueue.jobIds.length > 0) return adopt(site, array, inQueue.jobIds);
  const inAccounting = await findJobsInAccounting(
    site.slurm,
    array.marker,
    site.builder.name,
    // The clocks of this host and of the controller may differ.
    (array.attempted_at ?? 0) - 3600,
  );
  if (inAccounting.ok && inAccounting.jobIds.length > 0) return adopt(site, array, inAccounting.jobIds);
  if (!inQueue.ok || !inAccounting.ok) {
    const message = [inQueue, inAccounting].flatMap((answer) => (answer.ok ? [] : [answer.message])).join('; ');
    await releaseArray(site.store, array.id, { message, missingSince: null });
    return [{ kind: 'unknown', message: `cannot tell yet whether Slurm has the array of ${array.tag}: ${message}` }];
  }
  const now = epochSeconds();
  const missingSince = array.missing_since ?? now;
  if (now - missingSince >= site.config.poll.submit_settle) return [await submitPlannedArray(site, array)];
  const message = 'Slurm does not know the array; it is submitted again if that stays so';
  await releaseArray(site.store, array.id, { message, missingSince });
  return [{ kind: 'unknown', message: `${array.tag}: ${message}` }];
}

/** The jobs whose elements have started on tasks of this array: proof that it was submitted, without asking Slurm. */
async function readClaims(site: BuildSite, array: BuildArray): Promise<number[]> {
  // An array of earlier attempts may have left its claims on the same tasks.
  const others = new Set((await arraysOfTag(site.store, array.build_tag_id)).map(({ job_id }) => job_id));
  const jobIds = new Set<number>();
  for (const instance of await instancesOfArray(site.store, array.id)) {
    const claim = await readClaim(site.paths, instance);
    if (claim !== undefined && !others.has(claim)) jobIds.add(claim);
  }
  return [...jobIds].sort((a, b) => a - b);
}

async function adopt(site: BuildSite, array: BuildArray, jobIds: number[]): Promise<SubmissionReport[]> {
  const [jobId, ...extra] = jobIds;
  if (jobId === undefined) return [];
  await confirmSubmission(site, array, { jobId });
  if (extra.length > 0) {
    const cancelled = await cancelJobs(
      site.slurm,
      extra.map((arrayJobId) => ({ arrayJobId })),
    );
    if (!cancelled.ok) {
      return [
        { kind: 'unknown', message: `cannot cancel the doubled arrays ${extra.join(', ')}: ${cancelled.message}` },
      ];
    }
  }
  return [{ kind: 'submitted', message: `job array ${jobId} of ${array.tag} found again` }];
}
