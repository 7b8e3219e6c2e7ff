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

/** The job name comes last: it is the only field whose text a user chooses. */
const fields = ['JobID', 'State', 'ExitCode', 'Submit', 'Start', 'End', 'NodeList', 'Reason', 'JobName'];

/** Linux takes at most 128 KiB in one argument (execve(2), MAX_ARG_STRLEN); ids longer than this go in several calls. */
const longestIdList = 100_000;

/**
 * What slurmdbd knows about every element of these arrays, with one sacct for all of them. With `-j` sacct looks at all
 * times and at every eligibility, without it only at today (sacct(1), DEFAULT TIME WINDOW). `ok: false` means that
 * nothing was learnt. An element without a record is not known *yet*: records arrive seconds after the submission.
 */
export async function queryAccounting(slurm: SlurmTools, arrayJobIds: readonly number[]): Promise<ElementsAnswer> {
  const parts: ElementRecord[][] = [];
  for (const ids of idLists(arrayJobIds)) {
    const text = await sacct(slurm, [`--jobs=${ids}`, `--format=${fields.join(',')}`]);
    if (!text.ok) return text;
    const part = parseAccounting(text.stdout);
    if (!part.ok) return part;
    parts.push(part.elements);
  }
  return { ok: true, elements: parts.flat() };
}

/**
 * Runs sacct for allocations only (no steps), without header. Any complaint counts as no answer: sacct of 22.05 ends
 * with an arbitrary exit code, 0 included, when slurmdbd cannot be reached (CHANGELOG of Slurm 23.11).
 */
export async function sacct(
  slurm: SlurmTools,
  args: readonly string[],
): Promise<{ ok: true; stdout: string } | NoAnswer> {
  const common = ['--noheader', '--allocations', '--parsable2', `--delimiter=${fieldSeparator}`];
  const options = { environment: listingEnvironment, question: true };
  const result = await runTool(slurm, 'sacct', [...common, ...args], options);
  if (result.exitCode !== 0 || /\b(error|fatal)\b/i.test(result.stderr)) {
    return { ok: false, message: failureText('sacct', result) };
  }
  return { ok: true, stdout: result.stdout };
}

/**
 * Reads sacct's lines in the order of `fields`; rows of jobs that are no array elements are left out. 22.05 shows an element
 * that has ended within five seconds as such a row, named `allocation`, until slurmctld has told slurmdbd what it was (seen).
 */
export function parseAccounting(text: string): ElementsAnswer {
  const rows: ListedRow[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [idText, state, exit, submitted, started, ended, node, reason, jobName, ...more] = line.split(fieldSeparator);
    const id = parseElementId(idText ?? '');
    const code = /^(\d+):(\d+)$/.exec(exit ?? '');
    if (id === undefined || state === undefined || code === null || jobName === undefined || more.length > 0) {
      return { ok: false, message: `sacct printed a line that cannot be read: ${JSON.stringify(line.slice(0, 200))}` };
    }
    const exitCode = Number(code[1]);
    const signal = Number(code[2]);
    const interpretation = interpretState(state, exitCode, signal);
    const over = interpretation.phase === 'ended';
    const record = {
      jobName,
      ...interpretation,
      // Before the end sacct prints 0:0, which is no exit code.
      ...(over ? { exitCode, signal } : {}),
      ...optionalFields({ node, reason, submitted, started, ended: over ? ended : undefined }),
    };
    rows.push({ id, record });
  }
  return { ok: true, elements: elementsOf(rows) };
}

function idLists(arrayJobIds: readonly number[]): string[] {
  const lists: string[] = [];
  for (const id of new Set(arrayJobIds)) {
    const last = lists.at(-1);
    if (last === undefined || last.length > longestIdList) lists.push(String(id));
    else lists[lists.length - 1] = `${last},${id}`;
  }
  return lists;
}
