import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import type { Paths } from '../config/paths.ts';
import type { ElementRecord } from '../slurm/element-record.ts';
import type { Instance } from '../store/instances.ts';
import { briefErrorText, CtmgrError, isSystemError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { type BuildResult, readResult } from './result-file.ts';
import { isFileError } from './share-error.ts';
import { claimLink, resultFile } from './tag-folders.ts';

/** What lies on the share about an instance: free to ask, and seconds ahead of Slurm. */
export interface ShareNews {
  result: BuildResult | undefined;
  resultProblem: string | undefined;
  /** False if the folder of the results is not there, or the share does not let read now. */
  seen: boolean;
  /** What does not let read, for the reader, if a report should be there by now. */
  shareProblem?: string;
}

/** Nothing is known; about an instance that could have no report yet either. */
export const noShareNews: ShareNews = { result: undefined, resultProblem: undefined, seen: false };

/** How many waiting elements of an array are looked at for a sign that they have started; Slurm starts them in order. */
const watchedElements = 32;

/** The results of instances, by id: one look at each tag's folder, and one at each file that is there. */
export async function readResults(site: BuildSite, instances: Instance[]): Promise<Map<number, ShareNews>> {
  const news = new Map<number, ShareNews>();
  const folders = Map.groupBy(instances, (instance) => dirname(resultFile(site.paths, instance)));
  for (const [folder, members] of folders) {
    const present = await listFolder(folder);
    for (const instance of members) {
      const path = resultFile(site.paths, instance);
      const isSubmitted = instance.status === 'queued' || instance.status === 'building';
      if (typeof present === 'string') {
        news.set(instance.id, { ...noShareNews, ...(isSubmitted ? { shareProblem: present } : {}) });
      } else {
        news.set(
          instance.id,
          present.has(basename(path)) ? await readOne(path, instance) : { ...noShareNews, seen: true },
        );
      }
    }
  }
  return news;
}

/**
 * A good image counts whichever attempt has made it. Anything else counts only if it comes from the present attempt: the
 * report of an earlier one stays on the share until the next one starts.
 */
async function readOne(path: string, instance: Instance): Promise<ShareNews> {
  try {
    const result = await readResult(path);
    const stale =
      result !== undefined && result.outcome !== 'success' && instance.attempt > 1 && result.job_id !== instance.job_id;
    return { result: stale ? undefined : result, resultProblem: undefined, seen: true };
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    const problem = `${error.message}: ${error.why ?? ''}`;
    // It is a link or a socket: that is no report, and never becomes one.
    const isStrange = isSystemError(error.cause, 'ELOOP', 'ENXIO');
    if (isStrange || !isFileError(error.cause)) return { result: undefined, resultProblem: problem, seen: true };
    // The file may well be good: it is the share, or this process, that cannot read just now.
    return { ...noShareNews, shareProblem: problem };
  }
}

/** The files in a folder, or why they cannot be seen. */
async function listFolder(folder: string): Promise<Set<string> | string> {
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    if (isFileError(error)) return `cannot look for build results in ${folder}: ${briefErrorText(error)}`;
    throw error;
  }
}

/**
 * Which of these instances have started, by id. `records` is what Slurm has just said. Of those that Slurm calls waiting, or
 * was not asked about, only the first ones of each array are looked at; of those that it does not know, all.
 */
export async function readStarts(
  site: BuildSite,
  instances: Instance[],
  records: ReadonlyMap<number, ElementRecord>,
  asked: boolean,
): Promise<Set<number>> {
  const started = new Set<number>();
  const looked = new Map<number, number>();
  const inOrder = [...instances].sort((a, b) => a.array_index - b.array_index);
  for (const instance of inOrder) {
    const record = records.get(instance.id);
    const waits = record?.phase === 'queued' || record?.phase === 'held';
    if (instance.status === 'building' && !waits) {
      started.add(instance.id);
      continue;
    }
    if (record !== undefined && !waits && record.provisional !== true) continue;
    if (instance.status !== 'building' && (waits || !asked)) {
      const before = looked.get(instance.build_array_id) ?? 0;
      if (before >= watchedElements) continue;
      looked.set(instance.build_array_id, before + 1);
    }
    if (await hasStarted(site, instance, waits ? record.submitted : undefined)) started.add(instance.id);
  }
  return started;
}

/** A claim that is older than a requeue was made by the attempt before. */
async function hasStarted(site: BuildSite, instance: Instance, submitted: number | undefined): Promise<boolean> {
  const since = Math.max(instance.requeued_at ?? 0, submitted ?? 0);
  try {
    const { mtimeMs } = await lstat(claimLink(site.paths, instance));
    return mtimeMs / 1000 >= since;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ESTALE', 'EIO', 'EACCES', 'ETIMEDOUT')) return false;
    throw error;
  }
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
