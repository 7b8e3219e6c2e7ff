import { accountName } from '../util/accounts.ts';
import { epochSeconds } from '../util/clock.ts';
import { briefErrorText } from '../util/errors.ts';
import { isDiskError } from '../store/explain-error.ts';
import type { Instance } from '../store/instances.ts';
import type { Settlement } from './apply-decision.ts';
import type { BuildSite } from './build-site.ts';
import { decide, type Decision, type Evidence } from './decide.ts';
import type { SlurmNews } from './gather-evidence.ts';
import { isOverMemory } from './over-memory.ts';
import type { PassReport } from './poll.ts';
import { type GoodResult, publish } from './publish.ts';
import { noShareNews, readResults, readStarts, type ShareNews } from './read-share.ts';

/**
 * Decides about instances. Good ones are published at once, other ends go into `settlements`; what Slurm may still change
 * is returned as open.
 */
export async function judge(
  site: BuildSite,
  instances: Instance[],
  news: SlurmNews,
  settlements: Settlement[],
  report: PassReport,
): Promise<{ open: Settlement[] }> {
  const share = await readResults(site, instances);
  report.problems.push(...[...share.values()].flatMap(({ shareProblem }) => shareProblem ?? []));
  const unreported = instances.filter(({ id, status }) => status !== 'lost' && share.get(id)?.result === undefined);
  const started = await readStarts(site, unreported, news.records, news.state !== 'unasked');
  const open: Settlement[] = [];
  for (const instance of instances) {
    const { id } = instance;
    const onShare = share.get(id) ?? noShareNews;
    const record = news.records.get(id);
    const overMemory = await isOverMemory(site, instance, record);
    const decision = decideOne(site, instance, { ...onShare, claimed: started.has(id), overMemory }, news);
    const facts = onShare.result ?? record;
    if (decision.kind === 'success') {
      const wrong = await finishGood(site, instance, decision.result, report);
      if (wrong !== undefined) settlements.push({ instance, decision: wrong, facts });
    } else if (decision.kind === 'keep' || decision.kind === 'progress') open.push({ instance, decision, facts });
    else settlements.push({ instance, decision, facts });
  }
  return { open };
}

function decideOne(
  site: BuildSite,
  instance: Instance,
  share: ShareNews & Pick<Evidence, 'claimed' | 'overMemory'>,
  news: SlurmNews,
): Decision {
  const { result_grace, lost_after } = site.config.poll;
  return decide({
    status: instance.status,
    result: share.result,
    resultProblem: share.resultProblem,
    shareSeen: share.seen,
    claimed: share.claimed,
    overMemory: share.overMemory,
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
    // The whole pass ends, as when a failure cannot be written down.
    if (isDiskError(error)) throw error;
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
