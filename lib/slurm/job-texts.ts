import { failureText, type NoAnswer, runTool, type SlurmTools } from './slurm-tools.ts';

/** Everything that Slurm can tell in words about the jobs that wait or run, or no answer. */
export type JobTexts = { ok: true; texts: string[]; jobIds: number[] } | NoAnswer;

/** States in which a job has ended for good (squeue(1), JOB STATE CODES); any other one counts as waiting or running. */
const ended = /\bJobState=(COMPLETED|FAILED|CANCELLED|TIMEOUT|OUT_OF_MEMORY|DEADLINE|BOOT_FAIL|LAUNCH_FAILED)\b/;

/**
 * Asks slurmctld what it knows of all jobs that wait or run: their fields (comment, container, command …), those of their
 * steps, and, if wanted, their batch scripts, once for an array; `jobIds` as slurmdbd takes them. Arguments and environment of
 * jobs are not kept by slurmctld. Without every answer there is none: a job that could not be read may name anything.
 */
export async function activeJobTexts(slurm: SlurmTools, withScripts: boolean): Promise<JobTexts> {
  const texts: string[] = [];
  const scripts = new Set<number>();
  const jobIds = new Set<number>();
  for (const what of ['jobs', 'steps']) {
    const answer = await show(slurm, ['show', what, '--oneliner', '--all']);
    if (!answer.ok) return answer;
    for (const { text, batchJob, jobId } of activeJobs(answer.stdout)) {
      texts.push(text);
      if (jobId !== undefined) jobIds.add(jobId);
      if (batchJob !== undefined) scripts.add(batchJob);
    }
  }
  for (const job of withScripts ? scripts : []) {
    const answer = await show(slurm, ['write', 'batch_script', String(job), '-']);
    if (!answer.ok && !/invalid job id/i.test(answer.message)) return answer;
    // It may have ended since; then it names nothing any more.
    if (answer.ok) texts.push(answer.stdout);
  }
  return { ok: true, texts, jobIds: [...jobIds] };
}

/** The lines of `scontrol show jobs --oneliner` that are about unfinished jobs, or all lines that are about steps. */
export function activeJobs(stdout: string): { text: string; jobId?: number; batchJob?: number }[] {
  return stdout
    .split('\n')
    .filter((line) => /^(JobId|StepId)=/.test(line) && !ended.test(line))
    .map((text) => {
      const [, id] = /\b(?:ArrayJobId|HetJobId)=(\d+)/.exec(text) ?? /^JobId=(\d+)/.exec(text) ?? [];
      if (id === undefined) return { text };
      const jobId = Number(id);
      return /\bBatchFlag=[1-9]/.test(text) ? { text, jobId, batchJob: jobId } : { text, jobId };
    });
}

async function show(slurm: SlurmTools, args: string[]): Promise<{ ok: true; stdout: string } | NoAnswer> {
  const result = await runTool(slurm, 'scontrol', args, { question: true });
  if (result.exitCode === 0 && !/\b(error|fatal)\b/i.test(result.stderr)) return { ok: true, stdout: result.stdout };
  return { ok: false, message: failureText(`scontrol ${args.slice(0, 2).join(' ')}`, result) };
}
