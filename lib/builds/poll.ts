import { cancelJobs } from '../slurm/cancel.ts';
import type { BuildArray } from '../store/build-arrays.ts';
import { countUnfinished, type Instance, lostInstances, unfinishedInstances } from '../store/instances.ts';
import { foreignChanges } from '../store/open.ts';
import { accountName } from '../util/accounts.ts';
import { epochSeconds } from '../util/clock.ts';
import { briefErrorText, CtmgrError } from '../util/errors.ts';
import { applyDecisions, type Settlement, type Transition } from './apply-decision.ts';
import type { BuildSite } from './build-site.ts';
import { cancelTargets } from './cancel-builds.ts';
import { decide, type Decision } from './decide.ts';
import { askSlurm, noNews, type SlurmNews } from './gather-evidence.ts';
import { type GoodResult, publish } from './publish.ts';
import { readResults, readStarts, type ShareNews } from './read-share.ts';
import { recoverSubmissions } from './recover-submissions.ts';
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
 * state that was read, inside a transaction. `previous` is what this process's pass before reported.
 */
export async function pollOnce(site: BuildSite, askSlurmToo = true, previous?: PassReport): Promise<PassReport> {
  const report: PassReport = {
    transitions: [],
    problems: [],
    submissions: [],
    unfinished: 0,
    catalogueBehind: previous?.catalogueBehind ?? false,
    catalogueOf: previous?.catalogueOf,
  };
  if (askSlurmToo) tell(report, await recoverSubmissions(site));
  const instances = [...(await unfinishedInstances(site.store)), ...(await lostInstances(site.store))];
  const changed = await decideAll(site, instances, askSlurmToo, report);
  report.unfinished = await countUnfinished(site.store);
  const news = changed || report.submissions.length > 0 || report.catalogueBehind;
  if (news || (askSlurmToo && report.catalogueOf !== (await foreignChanges(site.store)))) {
    await showInCatalogue(site, report);
  }
  return report;
}

/** Returns whether anything that readers can see has changed. */
async function decideAll(
  site: BuildSite,
  instances: Instance[],
  askSlurmToo: boolean,
  report: PassReport,
): Promise<boolean> {
  const settlements: Settlement[] = [];
  const first = await judge(site, instances, noNews, settlements, report);
  const waiting = first.open.filter(({ instance }) => instance.status !== 'lost');
  if (askSlurmToo && waiting.length > 0) {
    const asked = waiting.map(({ instance }) => instance);
    const news = await askSlurm(site, asked);
    report.problems.push(...news.problems);
    await carryOnCancelling(site, asked, news, report);
    const second = await judge(site, asked, news, settlements, report);
    settlements.push(...second.open);
  } else settlements.push(...first.open);
  const { transitions, arrays } = await applyDecisions(site, settlements);
  report.transitions.push(...transitions);
  await submitAll(site, arrays, report);
  return settlements.some(({ decision }) => decision.kind !== 'keep') || report.transitions.length > 0;
}

/**
 * Decides about instances. Good ones are published at once, other ends go into `settlements`; what Slurm may still change
 * is returned as open.
 */
async function judge(
  site: BuildSite,
  instances: Instance[],
  news: SlurmNews,
  settlements: Settlement[],
  report: PassReport,
): Promise<{ open: Settlement[] }> {
  const share = await readResults(site, instances);
  const unreported = instances.filter(({ id }) => share.get(id)?.result === undefined);
  const started = await readStarts(site, unreported, news.records, news.state !== 'unasked');
  const open: Settlement[] = [];
  for (const instance of instances) {
    const { id } = instance;
    const onShare = share.get(id) ?? { result: undefined, resultProblem: undefined, seen: false };
    const record = news.records.get(id);
    const decision = decideOne(site, instance, onShare, started.has(id), news);
    const facts = onShare.result ?? record;
    if (decision.kind === 'success') {
      const wrong = await finishGood(site, instance, decision.result, report);
      if (wrong !== undefined) settlements.push({ instance, decision: wrong, facts });
    } else if (decision.kind === 'keep' || decision.kind === 'progress') open.push({ instance, decision, facts });
    else settlements.push({ instance, decision, facts });
  }
  return { open };
}

function decideOne(site: BuildSite, instance: Instance, share: ShareNews, claimed: boolean, news: SlurmNews): Decision {
  const { result_grace, lost_after } = site.config.poll;
  return decide({
    status: instance.status,
    result: share.result,
    resultProblem: share.resultProblem,
    shareSeen: share.seen,
    claimed,
    cancelledBy: instance.cancelled_by,
    record: news.records.get(instance.id),
    // An array that Slurm has not confirmed was not asked about.
    slurm: instance.job_id === null ? 'unasked' : news.state,
    arrayInQueue: instance.job_id !== null && news.arraysInQueue.has(instance.job_id),
    missingSince: instance.missing_since,
    now: epochSeconds(),
    resultGrace: result_grace,
    lostAfter: lost_after,
    nameOf: accountName,
  });
}

/** Publishes; returns what was decided instead, if the image is not (yet) to be had. */
async function finishGood(
  site: BuildSite,
  instance: Instance,
  result: GoodResult,
  report: PassReport,
): Promise<Settlement['decision'] | undefined> {
  const { name, tag, status: from } = instance;
  try {
    const publication = await publish(site, instance, result);
    if (publication === 'published') report.transitions.push({ name, tag, from, to: 'success', detail: null });
    if (publication === 'published' || publication === 'raced') return undefined;
    if (publication === 'missing') return missingImage(site, instance);
    return { kind: 'failure', failureKind: 'publish', message: publication.wrong, exitCode: 0 };
  } catch (error) {
    // The share or its rights are in the way: the image is good and is published as soon as that is mended.
    report.problems.push(`cannot publish ${name}:${tag} now: ${briefErrorText(error)}`);
    return undefined;
  }
}

/** The element has reported a file that this host does not see: late, or a share that is not mounted. */
function missingImage(site: BuildSite, instance: Instance): Settlement['decision'] {
  const now = epochSeconds();
  const since = instance.missing_since ?? now;
  if (now - since < site.config.poll.result_grace) return { kind: 'keep', missingSince: since };
  const message = 'the build reported an image that is not on the share';
  return { kind: 'failure', failureKind: 'publish', message, exitCode: 0 };
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
    else report.problems.push(message);
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
