import { type Instance, lostInstances, unfinishedInstances } from '../store/instances.ts';
import { listTagHolds } from '../store/tag-holds.ts';
import { epochSeconds } from '../util/clock.ts';
import { briefErrorText, CtmgrError } from '../util/errors.ts';
import { applyDecision, type RunFacts, type Transition } from './apply-decision.ts';
import type { BuildSite } from './build-site.ts';
import { decide, type Decision } from './decide.ts';
import { askSlurm, noNews, readShare, type SlurmNews } from './gather-evidence.ts';
import { type GoodResult, publish } from './publish.ts';
import { recoverSubmissions } from './recover-submissions.ts';
import { completeRelease } from './release-tag.ts';
import { writeCatalogue } from './write-catalogue.ts';

export interface PassReport {
  transitions: Transition[];
  /** What could not be asked or done this time and is tried again in the next pass. */
  problems: string[];
  /** What became of submissions that had been left unfinished. */
  submissions: string[];
  unfinished: number;
  /** The catalogue could not be written, so it does not show what the store holds. */
  catalogueBehind: boolean;
}

/**
 * One pass of the poller: carries on submissions, reads result files, asks Slurm (unless `askSlurmToo` is false, for
 * the cheap passes in between), moves states, publishes, rewrites the catalogue. Any number of processes may do this at
 * once and any of them may be killed: every change compares with the state that was read, inside a transaction.
 * `catalogueBehind` is what the pass before reported.
 */
export async function pollOnce(site: BuildSite, askSlurmToo = true, catalogueBehind = false): Promise<PassReport> {
  const report: PassReport = { transitions: [], problems: [], submissions: [], unfinished: 0, catalogueBehind };
  if (askSlurmToo) {
    for (const { kind, message } of await recoverSubmissions(site)) {
      if (kind === 'submitted') report.submissions.push(message);
      else report.problems.push(message);
    }
  }
  const instances = [...(await unfinishedInstances(site.store)), ...(await lostInstances(site.store))];
  const undecided: Instance[] = [];
  for (const instance of instances) {
    if (!(await step(site, instance, noNews, report))) undecided.push(instance);
  }
  const waiting = undecided.filter((instance) => instance.status !== 'lost');
  if (askSlurmToo && waiting.length > 0) {
    const news = await askSlurm(site, waiting);
    report.problems.push(...news.problems);
    for (const instance of waiting) await step(site, instance, news, report);
  }
  const released = await carryOnReleases(site, report);
  report.unfinished = (await unfinishedInstances(site.store)).length;
  if (released || report.transitions.length > 0 || report.submissions.length > 0 || askSlurmToo || catalogueBehind) {
    await showInCatalogue(site, report);
  }
  return report;
}

/** Completes the releases of held tags that a crash or the share has left unfinished; true if there were any. */
async function carryOnReleases(site: BuildSite, report: PassReport): Promise<boolean> {
  const open = (await listTagHolds(site.store)).filter(({ state }) => state === 'releasing');
  for (const hold of open) {
    try {
      await completeRelease(site, hold);
    } catch (error) {
      report.problems.push(`cannot publish ${hold.tag} now: ${briefErrorText(error)}`);
    }
  }
  return open.length > 0;
}

/** A full share must not stop the pass: states and images are safe, and the catalogue follows when there is room. */
async function showInCatalogue(site: BuildSite, report: PassReport): Promise<void> {
  try {
    await writeCatalogue(site.store, site.paths);
    report.catalogueBehind = false;
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    report.problems.push(`${error.message}: ${error.why ?? ''}`);
    report.catalogueBehind = true;
  }
}

/** Decides about one instance and acts. Returns true if there is nothing more to decide about it in this pass. */
async function step(site: BuildSite, instance: Instance, news: SlurmNews, report: PassReport): Promise<boolean> {
  const share = await readShare(site, instance);
  const { result_grace, lost_after } = site.config.poll;
  const decision = decide({
    status: instance.status,
    ...share,
    record: news.records.get(instance.id),
    // An array that Slurm has not confirmed was not asked about.
    slurm: instance.job_id === null ? 'unasked' : news.state,
    arrayInQueue: instance.job_id !== null && news.arraysInQueue.has(instance.job_id),
    missingSince: instance.missing_since,
    now: epochSeconds(),
    resultGrace: result_grace,
    lostAfter: lost_after,
  });
  if (decision.kind === 'success') return finishGood(site, instance, decision.result, report);
  return settle(site, instance, decision, share.result ?? news.records.get(instance.id), report);
}

async function finishGood(
  site: BuildSite,
  instance: Instance,
  result: GoodResult,
  report: PassReport,
): Promise<boolean> {
  try {
    const publication = await publish(site, instance, result);
    if (publication === 'published') {
      report.transitions.push({
        name: instance.name,
        tag: instance.tag,
        from: instance.status,
        to: 'success',
        detail: null,
      });
      instance.status = 'success';
      return true;
    }
    if (publication === 'raced') return true;
    if (publication === 'missing') return await missingImage(site, instance, report);
    const decision: Decision = { kind: 'failure', failureKind: 'publish', message: publication.wrong, exitCode: 0 };
    return await settle(site, instance, decision, undefined, report);
  } catch (error) {
    // The share or its rights are in the way: the image is good and is published as soon as that is mended.
    report.problems.push(`cannot publish ${instance.name}:${instance.tag} now: ${briefErrorText(error)}`);
    return true;
  }
}

/** The element has reported a file that this host does not see: late, or a share that is not mounted. */
async function missingImage(site: BuildSite, instance: Instance, report: PassReport): Promise<boolean> {
  const now = epochSeconds();
  const since = instance.missing_since ?? now;
  if (now - since < site.config.poll.result_grace) {
    return settle(site, instance, { kind: 'keep', missingSince: since }, undefined, report);
  }
  const message = 'the build reported an image that is not on the share';
  return settle(site, instance, { kind: 'failure', failureKind: 'publish', message, exitCode: 0 }, undefined, report);
}

async function settle(
  site: BuildSite,
  instance: Instance,
  decision: Exclude<Decision, { kind: 'success' }>,
  facts: RunFacts | undefined,
  report: PassReport,
): Promise<boolean> {
  const { transition, ended } = await applyDecision(site, instance, decision, facts);
  if (transition !== undefined) report.transitions.push(transition);
  return ended;
}
