import { cancelJobs } from '../slurm/cancel.ts';
import type { BuildArray } from '../store/build-arrays.ts';
import { countUnfinished, type Instance, lostInstances, unfinishedInstances } from '../store/instances.ts';
import { isDiskError } from '../store/explain-error.ts';
import { foreignChanges } from '../store/open.ts';
import { listTagHolds } from '../store/tag-holds.ts';
import { countUnfinishedVerifications, type Verification } from '../store/verifications.ts';
import { briefErrorText, CtmgrError } from '../util/errors.ts';
import { applyDecisions, type Settlement, type Transition } from './apply-decision.ts';
import type { BuildSite } from './build-site.ts';
import { cancelTargets } from './cancel-builds.ts';
import { checkShare } from './check-share.ts';
import { askSlurm, noNews, type SlurmNews } from './gather-evidence.ts';
import { judge } from './judge.ts';
import { asInstance, beginVerifications, settleVerifications } from './poll-verifications.ts';
import { recoverSubmissions, submitHandedOver } from './recover-submissions.ts';
import { completeRelease } from './release-tag.ts';
import { showNames } from './show-names.ts';
import { submitPlannedArray, type SubmissionReport } from './submit-array.ts';
import { writeCatalogue } from './write-catalogue.ts';

export interface PassReport {
  transitions: Transition[];
  /** What could not be asked or done this time and is tried again in the next pass. */
  problems: string[];
  /** What became of submissions: those that had been left unfinished, and further attempts. */
  submissions: string[];
  unfinished: number;
  /** The catalogue could not be written, so it does not show what the store holds. */
  catalogueBehind: boolean;
  /** State of the store that the catalogue was last written from, see `foreignChanges`. */
  catalogueOf: number | undefined;
}

/**
 * One pass of the poller: carries on submissions, reads result files, asks Slurm (unless `askSlurmToo` is false, for
 * the cheap passes in between), moves states, publishes, begins further attempts, rewrites the catalogue if there is
 * anything new. Any number of processes may do this at once and any of them may be killed: every change compares with the
 * state that was read, inside a transaction. `previous` is what this process's pass before reported. With `submitToo` false nothing waits
 * for sbatch either, for passes while another one of this process waits for Slurm.
 */
export async function pollOnce(
  site: BuildSite,
  askSlurmToo = true,
  previous?: PassReport,
  submitToo = true,
): Promise<PassReport> {
  const report: PassReport = {
    transitions: [],
    problems: [],
    submissions: [],
    unfinished: 0,
    catalogueBehind: previous?.catalogueBehind ?? false,
    catalogueOf: previous?.catalogueOf,
  };
  if (!(await shareIsThere(site, report))) return report;
  const names = await showNames(site);
  report.problems.push(...names.problems);
  if (submitToo) tell(report, askSlurmToo ? await recoverSubmissions(site) : await submitHandedOver(site));
  const instances = [...(await unfinishedInstances(site.store)), ...(await lostInstances(site.store))];
  const verifications = await beginVerifications(site, askSlurmToo, submitToo);
  report.problems.push(...verifications.problems);
  const changed = await decideAll(site, instances, verifications.open, askSlurmToo, report);
  // What is built from images that have just become good goes to Slurm at once.
  if (submitToo && report.transitions.length > 0) tell(report, await recoverSubmissions(site, 'planned'));
  const released = await carryOnReleases(site, report);
  report.unfinished = (await countUnfinished(site.store)) + (await countUnfinishedVerifications(site.store));
  const news = changed || released || report.submissions.length > 0 || names.shown.length > 0 || report.catalogueBehind;
  if (news || (askSlurmToo && report.catalogueOf !== (await foreignChanges(site.store)))) {
    await showInCatalogue(site, report);
  }
  // The share is looked at twice, before Slurm is asked and after.
  return { ...report, problems: [...new Set(report.problems)] };
}

/** Without the share nothing may be concluded: no result and no image is there then, and nothing is called failed. */
async function shareIsThere(site: BuildSite, report: PassReport): Promise<boolean> {
  try {
    await checkShare(site.paths);
    return true;
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    report.problems.push(`${error.message}: ${error.why ?? ''}`);
    report.unfinished = await countUnfinished(site.store);
    return false;
  }
}

/** Returns whether anything that readers can see has changed. */
async function decideAll(
  site: BuildSite,
  instances: Instance[],
  verifications: Verification[],
  askSlurmToo: boolean,
  report: PassReport,
): Promise<boolean> {
  const settlements: Settlement[] = [];
  const first = await judge(site, instances, noNews, settlements, report);
  const waiting = first.open.filter(({ instance }) => instance.status !== 'lost');
  if (askSlurmToo && waiting.length + verifications.length > 0) {
    const asked = waiting.map(({ instance }) => instance);
    const news = await askSlurm(site, [...asked, ...verifications.map(asInstance)]);
    report.problems.push(...news.problems);
    await carryOnCancelling(site, asked, news, report);
    const second = await judge(site, asked, news, settlements, report);
    settlements.push(...second.open);
    report.problems.push(...(await settleVerifications(site, verifications, news)));
  } else settlements.push(...first.open);
  const { transitions, arrays, visible } = await applyDecisions(site, settlements);
  report.transitions.push(...transitions);
  await submitAll(site, arrays, report);
  return visible || report.transitions.length > 0;
}

/** Completes the releases of held tags that a crash or the share has left unfinished; true if there were any. */
async function carryOnReleases(site: BuildSite, report: PassReport): Promise<boolean> {
  const open = (await listTagHolds(site.store)).filter(({ state }) => state === 'releasing');
  for (const hold of open) {
    try {
      await completeRelease(site, hold);
    } catch (error) {
      if (isDiskError(error)) throw error;
      report.problems.push(`cannot publish ${hold.tag} now: ${briefErrorText(error)}`);
    }
  }
  return open.length > 0;
}

/** Whom somebody has asked to cancel, and Slurm still has: the first request was lost, or Slurm has requeued the job. */
async function carryOnCancelling(
  site: BuildSite,
  instances: Instance[],
  news: SlurmNews,
  report: PassReport,
): Promise<void> {
  const going = instances.filter(({ id, cancelled_by }) => {
    const record = news.records.get(id);
    return cancelled_by !== null && record !== undefined && record.phase !== 'ended' && record.state !== 'COMPLETING';
  });
  if (going.length === 0) return;
  const done = await cancelJobs(site.slurm, cancelTargets(going));
  if (!done.ok) report.problems.push(`cannot cancel now: ${done.message}`);
}

async function submitAll(site: BuildSite, arrays: BuildArray[], report: PassReport): Promise<void> {
  for (const array of arrays) {
    try {
      tell(report, [await submitPlannedArray(site, array)]);
    } catch (error) {
      if (!(error instanceof CtmgrError)) throw error;
      report.problems.push(`cannot submit the array of ${array.tag} now: ${error.message}: ${error.why ?? ''}`);
    }
  }
}

function tell(report: PassReport, submissions: SubmissionReport[]): void {
  for (const { kind, message } of submissions) {
    if (kind === 'submitted') report.submissions.push(message);
    else if (kind !== 'waits') report.problems.push(message);
  }
}

/** A full share must not stop the pass: states and images are safe, and the catalogue follows when there is room. */
async function showInCatalogue(site: BuildSite, report: PassReport): Promise<void> {
  try {
    const state = await foreignChanges(site.store);
    await writeCatalogue(site.store, site.paths);
    report.catalogueBehind = false;
    report.catalogueOf = state;
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    report.problems.push(`${error.message}: ${error.why ?? ''}`);
    report.catalogueBehind = true;
  }
}
