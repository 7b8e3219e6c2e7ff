import { parseElementId } from './array-indices.ts';
import {
  failureText,
  fieldSeparator,
  listingEnvironment,
  type NoAnswer,
  runTool,
  type SlurmTools,
} from './slurm-tools.ts';

/** A job that waits or runs; of an array only once. */
export interface UserJob {
  /** Of an array: the array's id. */
  jobId: number;
  name: string;
  workDir: string;
}

/** What a user has in the queue: everything that waits or runs, in all partitions. */
export async function queryUserJobs(
  slurm: SlurmTools,
  user: string,
): Promise<{ ok: true; jobs: UserJob[] } | NoAnswer> {
  const format = ['%i', '%Z', '%j'].join(fieldSeparator);
  const args = ['--all', '--noheader', `--user=${user}`, `--format=${format}`];
  const result = await runTool(slurm, 'squeue', args, { environment: listingEnvironment, question: true });
  if (result.exitCode !== 0 || /\b(error|fatal)\b/i.test(result.stderr)) {
    return { ok: false, message: failureText('squeue', result) };
  }
  return parseUserJobs(result.stdout);
}

/** Reads squeue's lines: id, working folder, name. */
export function parseUserJobs(text: string): { ok: true; jobs: UserJob[] } | NoAnswer {
  const jobs = new Map<number, UserJob>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [id = '', workDir = '', name = ''] = line.split(fieldSeparator);
    const jobId = parseElementId(id)?.arrayJobId;
    if (jobId === undefined) return { ok: false, message: `squeue printed a job id that cannot be read: ${id}` };
    jobs.set(jobId, { jobId, workDir, name });
  }
  return { ok: true, jobs: [...jobs.values()] };
}
