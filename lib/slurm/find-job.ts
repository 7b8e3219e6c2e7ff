import { sacct } from './accounting.ts';
import { parseElementId } from './array-indices.ts';
import { listQueue } from './queue.ts';
import { fieldSeparator, type NoAnswer, type SlurmTools } from './slurm-tools.ts';

/** Job ids (of arrays: the array's id) in ascending order; an empty list is an answer, `ok: false` is none. */
export type FoundJobs = { ok: true; jobIds: number[] } | NoAnswer;

/** The user's jobs of exactly this name that slurmctld knows: waiting, running, or ended less than MinJobAge ago. */
export async function findJobsInQueue(slurm: SlurmTools, jobName: string, user: string): Promise<FoundJobs> {
  const listed = await listQueue(slurm, { jobName, user });
  return listed.ok ? parseFound('squeue', listed.stdout, jobName) : listed;
}

/**
 * The user's jobs of exactly this name that slurmdbd knows, submitted at or after `submittedAfter` (seconds since the
 * epoch). Without `-j` sacct leaves out jobs that are not eligible yet (sacct(1), --jobs), and new jobs reach slurmdbd
 * some seconds late: an empty answer proves nothing unless slurmctld does not know the job either.
 */
export async function findJobsInAccounting(
  slurm: SlurmTools,
  jobName: string,
  user: string,
  submittedAfter: number,
): Promise<FoundJobs> {
  // `uts` introduces seconds since the epoch and so avoids the time zone of the machine (parse_time.c).
  const listed = await sacct(slurm, [
    `--name=${jobName}`,
    `--user=${user}`,
    `--starttime=uts${Math.floor(submittedAfter)}`,
    '--format=JobID,Submit,JobName',
  ]);
  if (!listed.ok) return listed;
  return parseFound('sacct', listed.stdout, jobName, submittedAfter);
}

/** Reads lines of a job id first, a name last and, if `submittedAfter` is given, the submit time as second field. */
export function parseFound(tool: string, text: string, jobName: string, submittedAfter?: number): FoundJobs {
  const jobIds = new Set<number>();
  for (const line of text.split('\n')) {
    const words = line.split(fieldSeparator);
    if (words.at(-1) !== jobName) continue;
    const id = parseElementId(words[0] ?? '')?.arrayJobId;
    if (id === undefined)
      return { ok: false, message: `${tool} printed a job id that cannot be read: ${JSON.stringify(words[0])}` };
    if (submittedAfter === undefined || Number(words[1]) >= Math.floor(submittedAfter)) jobIds.add(id);
  }
  return { ok: true, jobIds: [...jobIds].sort((a, b) => a - b) };
}
