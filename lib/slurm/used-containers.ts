import { randomBytes } from 'node:crypto';

import { interpretState, type Interpretation } from './job-states.ts';
import { failureText, listingEnvironment, type NoAnswer, runTool, type SlurmTools } from './slurm-tools.ts';

/** A job, or one of its steps, with what tells which container it ran in. */
export interface JobRecord extends Interpretation {
  /** As Slurm writes it: `12`, `12_3`, `12_[4-9]`, `12+1`. */
  job: string;
  /** `0`, `batch`, `extern`, `interactive`; undefined for the job itself. */
  step: string | undefined;
  user: string;
  /** Value of --container; undefined if there was none. */
  container: string | undefined;
  /** The command line of srun, sbatch or salloc with blanks between its words; empty where Slurm has none. */
  commandLine: string;
  /** Seconds since the epoch; the first submission of a job that was requeued. */
  submitted: number | undefined;
  started: number | undefined;
  ended: number | undefined;
}

export type JobRecords = { ok: true; records: JobRecord[] } | (NoAnswer & { tooMuch: boolean });

/** The user's own texts come last. */
const fields = ['JobID', 'User', 'State', 'Submit', 'Start', 'End', 'Container', 'SubmitLine'];

/** So many ids in one call; an argument has 128 KiB at most (execve(2)). */
const idsAtOnce = 5000;

/**
 * What slurmdbd keeps of jobs and their steps, of all users whom the caller may see (slurm.conf(5), PrivateData). Whether a
 * container was asked for is kept as it was asked for. `ok: false`: nothing was learnt.
 */
export async function queryJobRecords(slurm: SlurmTools, jobIds: readonly number[]): Promise<JobRecords> {
  const parts: JobRecord[][] = [];
  for (let at = 0; at < jobIds.length; at += idsAtOnce) {
    const answer = await askSacct(slurm, [`--jobs=${jobIds.slice(at, at + idsAtOnce).join(',')}`]);
    if (!answer.ok) return answer;
    parts.push(answer.records);
  }
  return { ok: true, records: parts.flat() };
}

/**
 * The same for jobs that sacct's own options select. `tooMuch`: sacct had not come to an end when its time, or the memory for what it
 * prints (maxBuffer of execa), was over. Command lines hold line breaks and whatever their users like; what nobody can guess
 * separates the fields.
 */
export async function askSacct(slurm: SlurmTools, selection: string[]): Promise<JobRecords> {
  const separator = `<${randomBytes(12).toString('hex')}>`;
  // With --duplicates also what a job was before it was requeued, and with it the time of its submission.
  const common = [
    '--allusers',
    '--noheader',
    '--duplicates',
    '--parsable2',
    `--delimiter=${separator}`,
    `--format=${fields.join(',')}`,
  ];
  const result = await runTool(slurm, 'sacct', [...common, ...selection], {
    environment: listingEnvironment,
    question: true,
  });
  if (result.exitCode !== 0 || /\b(error|fatal)\b/i.test(result.stderr)) {
    const tooMuch = result.timedOut || result.stdout.length > 90_000_000;
    return { ok: false, message: failureText('sacct', result), tooMuch };
  }
  return { ok: true, records: parseJobRecords(result.stdout, separator) };
}

/** Reads sacct's lines in the order of `fields`; a line without separators goes on with the command line before it. */
export function parseJobRecords(text: string, separator: string): JobRecord[] {
  const found = new Map<string, JobRecord>();
  let last: JobRecord | undefined;
  let owner = '';
  for (const line of text.split('\n')) {
    const parts = line.split(separator);
    if (parts.length !== fields.length) {
      if (last !== undefined && parts.length === 1) last.commandLine += `\n${line}`;
      continue;
    }
    const [id = '', user = '', state = '', submitted, started, ended, container = '', commandLine = ''] = parts;
    const [job, step] = splitId(id);
    // Rows of steps follow their job's and name no user.
    if (step === undefined) owner = user;
    const interpretation = interpretState(state);
    last = {
      job,
      step,
      user: owner,
      ...interpretation,
      container: container === '' ? undefined : container,
      commandLine,
      submitted: seconds(submitted),
      started: seconds(started),
      ended: interpretation.phase === 'ended' ? seconds(ended) : undefined,
    };
    const key = `${id} ${owner}`;
    const earlier = found.get(key);
    if (earlier?.submitted !== undefined) last.submitted = Math.min(earlier.submitted, last.submitted ?? Infinity);
    found.set(key, last);
  }
  return [...found.values()];
}

/** `12_[1-3].batch` in two; indices hold no dots. */
function splitId(id: string): [string, string | undefined] {
  const dot = id.indexOf('.');
  return dot < 0 ? [id, undefined] : [id.slice(0, dot), id.slice(dot + 1)];
}

function seconds(text: string | undefined): number | undefined {
  return /^[1-9]\d{0,11}$/.test(text ?? '') ? Number(text) : undefined;
}
