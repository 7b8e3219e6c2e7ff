import { queryAccounting } from '../slurm/accounting.ts';
import type { ElementRecord } from '../slurm/element-record.ts';
import { queryQueue } from '../slurm/queue.ts';
import type { Instance } from '../store/instances.ts';
import { epochSeconds } from '../util/clock.ts';
import type { BuildSite } from './build-site.ts';

/** What Slurm said about a set of instances. */
export interface SlurmNews {
  /** By instance id. */
  records: Map<number, ElementRecord>;
  /** Arrays of which slurmctld still knows elements, waiting, running, or ended not long ago. */
  arraysInQueue: Set<number>;
  /** `answered`: slurmdbd and slurmctld both told all that they were asked. */
  state: 'unasked' | 'silent' | 'answered';
  /** What did not answer, or answered with a state that means nothing to us; for the reader. */
  problems: string[];
}

export const noNews: SlurmNews = { records: new Map(), arraysInQueue: new Set(), state: 'unasked', problems: [] };

/** Seconds by which the clock of the controller may be behind that of this host. */
const clockSkew = 3600;

/**
 * Asks Slurm about instances, however many: one sacct for all, and one squeue if something is left that sacct cannot tell
 * for good. That is what waits (sacct does not say why, and still shows an element that was cancelled out of a waiting
 * array: seen with 24.11), what may be requeued, what it does not know, and what has been running for long, since
 * slurmdbd may have missed the end (`sacctmgr show runawayjobs`). A record counts only if its job name is the array's marker and it
 * was not submitted before the array was, because Slurm uses job ids again.
 */
export async function askSlurm(site: BuildSite, instances: Instance[]): Promise<SlurmNews> {
  const submitted = instances.filter((instance) => instance.job_id !== null);
  const records = new Map<number, ElementRecord>();
  const arraysInQueue = new Set<number>();
  if (submitted.length === 0) return { records, arraysInQueue, state: 'answered', problems: [] };
  const problems: string[] = [];
  const accounting = await queryAccounting(site.slurm, jobIdsOf(submitted));
  if (accounting.ok) collect(records, submitted, accounting.elements);
  else problems.push(accounting.message);
  const longAgo = epochSeconds() - site.config.poll.lost_after;
  const open = submitted.filter(({ id }) => isOpen(records.get(id), longAgo));
  if (open.length > 0) {
    const queue = await queryQueue(site.slurm, { arrayJobIds: jobIdsOf(open), user: site.builder.name });
    if (queue.ok) {
      settleByQueue(records, open, queue.elements, accounting.ok);
      const markers = new Set(open.map(({ marker }) => marker));
      for (const { arrayJobId, jobName } of queue.elements) if (markers.has(jobName)) arraysInQueue.add(arrayJobId);
    } else problems.push(queue.message);
  }
  const state = problems.length === 0 ? 'answered' : 'silent';
  return { records, arraysInQueue, state, problems: [...problems, ...strangeStates(records, submitted)] };
}

/** One sentence for each state that says neither where a job is nor how it ended. */
function strangeStates(records: Map<number, ElementRecord>, instances: Instance[]): string[] {
  const byState = Map.groupBy(
    instances.filter(({ id }) => records.get(id)?.phase === 'unknown'),
    ({ id }) => records.get(id)?.state,
  );
  return [...byState].map(([state, [first, ...more]]) => {
    const whose = `${first?.name}:${first?.tag} (job ${first?.job_id}_${first?.array_index})`;
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return `Slurm says ${state} of ${whose}${others}, which tells nothing: the status stays as it was`;
  });
}

function isOpen(record: ElementRecord | undefined, longAgo: number): boolean {
  if (record === undefined || record.provisional === true) return true;
  if (record.phase === 'running') return (record.started ?? 0) < longAgo;
  return record.phase === 'queued' || record.phase === 'held' || record.phase === 'unknown';
}

/**
 * Adds what squeue says about elements of which sacct's word is not final: that is final unless the element is in the
 * queue again, which is how Slurm shows a requeue.
 */
function settleByQueue(
  records: Map<number, ElementRecord>,
  open: Instance[],
  elements: ElementRecord[],
  accountingAnswers: boolean,
): void {
  const queued = new Map<number, ElementRecord>();
  collect(queued, open, elements);
  for (const { id, cancelled_by } of open) {
    const inQueue = queued.get(id);
    if (accountingAnswers && cancelled_by === null && inQueue !== undefined && isJustCancelled(inQueue)) {
      records.set(id, { ...inQueue, provisional: true });
      continue;
    }
    const known = inQueue ?? records.get(id);
    if (known === undefined) continue;
    const { provisional: _settled, ...final } = known;
    if (known.phase === 'ended') records.set(id, final);
    else if (inQueue !== undefined) records.set(id, inQueue);
    // What waits or runs and is not in the queue is over, and how it ended is not known.
    else if (known.phase !== 'unknown') records.delete(id);
  }
}

/**
 * Only slurmdbd says who cancelled a job, and slurmctld of 22.05 tells it of new jobs every five seconds. One that never had
 * a node may stay in slurmdbd as if it waited.
 */
function isJustCancelled({ outcome, node, ended }: ElementRecord): boolean {
  const age = epochSeconds() - (ended ?? 0);
  return outcome === 'cancelled' && node !== undefined && age >= 0 && age < 8;
}

function collect(records: Map<number, ElementRecord>, instances: Instance[], elements: ElementRecord[]): void {
  const key = (job: number | null, index: number): string => `${job}_${index}`;
  const byElement = new Map(elements.map((element) => [key(element.arrayJobId, element.index), element]));
  for (const instance of instances) {
    const element = byElement.get(key(instance.job_id, instance.array_index));
    if (element === undefined || element.jobName !== instance.marker) continue;
    const earliest = (instance.attempted_at ?? 0) - clockSkew;
    if (element.submitted === undefined || element.submitted >= earliest) records.set(instance.id, element);
  }
}

function jobIdsOf(instances: Instance[]): number[] {
  return [...new Set(instances.flatMap(({ job_id }) => (job_id === null ? [] : [job_id])))];
}
