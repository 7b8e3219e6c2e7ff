import { parseElementId } from './array-indices.ts';
import {
  type ElementRecord,
  type ElementsAnswer,
  elementsOf,
  type ListedRow,
  optionalFields,
} from './element-record.ts';
import { interpretState } from './job-states.ts';
import {
  failureText,
  fieldSeparator,
  listingEnvironment,
  type NoAnswer,
  runTool,
  type SlurmTools,
} from './slurm-tools.ts';

/** Which jobs to ask for: arrays by id (with their owner, if known, the question is cheaper), or jobs by name. */
export type QueueSelection =
  { arrayJobIds: readonly number[]; user?: string | undefined } | { jobName: string; user: string };

/** Job id with indices, state, submit, start and end time, node, reason, name (last: its text is a user's). */
const format = ['%i', '%T', '%V', '%S', '%e', '%N', '%r', '%j'].join(fieldSeparator);

/**
 * What slurmctld knows about these arrays: everything that waits or runs, and what ended less than MinJobAge ago.
 * slurmctld keeps no exit code for us here. An element that is missing from an `ok` answer is not in the queue.
 */
export async function queryQueue(slurm: SlurmTools, selection: QueueSelection): Promise<ElementsAnswer> {
  if ('arrayJobIds' in selection && selection.arrayJobIds.length === 0) return { ok: true, elements: [] };
  const listed = await listQueue(slurm, selection);
  if (!listed.ok) return listed;
  const answer = parseQueue(listed.stdout);
  if (!answer.ok) return answer;
  const wanted =
    'jobName' in selection
      ? ({ jobName }: ElementRecord) => jobName === selection.jobName
      : ({ arrayJobId }: ElementRecord) => selection.arrayJobIds.includes(arrayJobId);
  return { ok: true, elements: answer.elements.filter(wanted) };
}

/**
 * Runs squeue for all partitions (hidden ones too) and all states. For one id or one user slurmctld sends only their
 * jobs; several ids at once would make it send every job of the cluster.
 */
export async function listQueue(
  slurm: SlurmTools,
  selection: QueueSelection,
): Promise<{ ok: true; stdout: string } | NoAnswer> {
  const args = ['--all', '--noheader', '--states=all', `--format=${format}`, ...selectionArguments(selection)];
  const result = await runTool(slurm, 'squeue', args, { environment: listingEnvironment, question: true });
  if (result.exitCode !== 0 && /invalid job id specified/i.test(result.stderr)) return { ok: true, stdout: '' };
  if (result.exitCode !== 0 || /\b(error|fatal)\b/i.test(result.stderr)) {
    return { ok: false, message: failureText('squeue', result) };
  }
  return { ok: true, stdout: result.stdout };
}

function selectionArguments(selection: QueueSelection): string[] {
  if ('jobName' in selection) return [`--user=${selection.user}`, `--name=${selection.jobName}`];
  if (selection.user !== undefined && selection.arrayJobIds.length > 1) return [`--user=${selection.user}`];
  return [`--jobs=${selection.arrayJobIds.join(',')}`];
}

/** Reads squeue's lines in the order of `format`; jobs that are no array elements are left out. */
export function parseQueue(text: string): ElementsAnswer {
  const rows: ListedRow[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [idText, state, submitted, started, ended, node, reason, jobName, ...more] = line.split(fieldSeparator);
    const id = parseElementId(idText ?? '');
    if (id === undefined || state === undefined || jobName === undefined || more.length > 0) {
      return { ok: false, message: `squeue printed a line that cannot be read: ${JSON.stringify(line.slice(0, 200))}` };
    }
    // An exit by one of slurmstepd's launch errors shows only in the reason: `RaisedSignal:53(Real-time_signal_19)`.
    // (22.05 says JobLaunchFailure, whatever the signal was.)
    const signal = /^RaisedSignal:(\d+)/.exec(reason ?? '')?.[1];
    const interpretation = interpretState(
      state,
      signal === undefined ? undefined : 0,
      signal === undefined ? undefined : Number(signal),
    );
    const { phase } = interpretation;
    const record = {
      jobName,
      ...interpretation,
      ...(phase === 'ended' && signal !== undefined ? { signal: Number(signal) } : {}),
      // Start of a waiting and end of a running job are only Slurm's estimate.
      ...optionalFields({
        node,
        reason,
        submitted,
        started: phase === 'running' || phase === 'ended' ? started : undefined,
        ended: phase === 'ended' ? ended : undefined,
      }),
    };
    rows.push({ id, record });
  }
  return { ok: true, elements: elementsOf(rows) };
}
