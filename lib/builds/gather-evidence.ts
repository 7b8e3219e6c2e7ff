import { readlink } from 'node:fs/promises';

import type { Paths } from '../config/paths.ts';
import { queryAccounting } from '../slurm/accounting.ts';
import type { ElementRecord } from '../slurm/element-record.ts';
import { queryQueue } from '../slurm/queue.ts';
import type { Instance } from '../store/instances.ts';
import { CtmgrError, isSystemError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { type BuildResult, readResult } from './result-file.ts';
import { claimLink, resultFile } from './tag-folders.ts';

/** What Slurm said about a set of instances. */
export interface SlurmNews {
  /** By instance id. */
  records: Map<number, ElementRecord>;
  /** Arrays of which slurmctld still knows elements, waiting, running, or ended not long ago. */
  arraysInQueue: Set<number>;
  /** `answered`: slurmdbd and slurmctld both told all that they were asked. */
  state: 'unasked' | 'silent' | 'answered';
  /** What did not answer, for the reader. */
  problems: string[];
}

export const noNews: SlurmNews = { records: new Map(), arraysInQueue: new Set(), state: 'unasked', problems: [] };

/** What lies on the share about an instance: free to ask, and seconds ahead of Slurm. */
export interface ShareNews {
  result: BuildResult | undefined;
  resultProblem: string | undefined;
  claimed: boolean;
}

export async function readShare(site: BuildSite, instance: Instance): Promise<ShareNews> {
  let result: BuildResult | undefined;
  let resultProblem: string | undefined;
  try {
    result = await readResult(resultFile(site.paths, instance));
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    resultProblem = `${error.message}: ${error.why ?? ''}`;
  }
  return { result, resultProblem, claimed: (await readClaim(site.paths, instance)) !== undefined };
}

/**
 * Asks Slurm about instances: one sacct for all; squeue only for what sacct could not tell for good. A record counts only if its
 * job name is the array's marker, because Slurm uses job ids again.
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
  const open = submitted.filter(({ id }) => records.get(id)?.provisional ?? !records.has(id));
  if (open.length > 0) {
    const queue = await queryQueue(site.slurm, { arrayJobIds: jobIdsOf(open), user: site.builder.name });
    if (queue.ok) {
      settleByQueue(records, open, queue.elements);
      const markers = new Set(open.map(({ marker }) => marker));
      for (const { arrayJobId, jobName } of queue.elements) if (markers.has(jobName)) arraysInQueue.add(arrayJobId);
    } else problems.push(queue.message);
  }
  return { records, arraysInQueue, state: problems.length === 0 ? 'answered' : 'silent', problems };
}

/**
 * Adds what squeue says about elements that sacct does not know, or of which it says something provisional: that is
 * final unless the element is in the queue again, which is how Slurm shows a requeue.
 */
function settleByQueue(records: Map<number, ElementRecord>, open: Instance[], elements: ElementRecord[]): void {
  const queued = new Map<number, ElementRecord>();
  collect(queued, open, elements);
  for (const { id } of open) {
    const inQueue = queued.get(id);
    const known = inQueue ?? records.get(id);
    if (known === undefined) continue;
    const { provisional: _settled, ...final } = known;
    if (known.phase === 'ended') records.set(id, final);
    else if (inQueue !== undefined) records.set(id, inQueue);
    // A requeue that the queue knows nothing of says nothing about the end.
    else records.delete(id);
  }
}

function collect(records: Map<number, ElementRecord>, instances: Instance[], elements: ElementRecord[]): void {
  const key = (job: number | null, index: number): string => `${job}_${index}`;
  const byElement = new Map(elements.map((element) => [key(element.arrayJobId, element.index), element]));
  for (const instance of instances) {
    const element = byElement.get(key(instance.job_id, instance.array_index));
    if (element !== undefined && element.jobName === instance.marker) records.set(instance.id, element);
  }
}

function jobIdsOf(instances: Instance[]): number[] {
  return [...new Set(instances.flatMap(({ job_id }) => (job_id === null ? [] : [job_id])))];
}

/** The job whose element has started on an instance's task, or undefined. */
export async function readClaim(paths: Paths, instance: Instance): Promise<number | undefined> {
  try {
    return Number(await readlink(claimLink(paths, instance)));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
