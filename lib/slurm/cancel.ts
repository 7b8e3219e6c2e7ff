import { compactIndices } from './array-indices.ts';
import { failureText, type NoAnswer, runTool, type SlurmTools } from './slurm-tools.ts';

/** A whole array, or only some of its elements. */
export interface CancelTarget {
  arrayJobId: number;
  indices?: readonly number[] | undefined;
}

/** Most characters of ids for one scancel, well below what Linux takes as arguments. */
const longestArguments = 100_000;

/**
 * Asks Slurm to cancel these arrays or elements. `ok` means that Slurm took the request or that there was nothing left
 * to cancel; how the elements end shows later in squeue and sacct.
 */
export async function cancelJobs(
  slurm: SlurmTools,
  targets: readonly CancelTarget[],
): Promise<{ ok: true } | NoAnswer> {
  for (const ids of cancelArguments(targets)) {
    const result = await runTool(slurm, 'scancel', ids);
    const complaints = result.stderr.split('\n').filter((line) => line.trim() !== '' && !isOver(line));
    if (result.spawnError !== undefined || result.exitCode === undefined || complaints.length > 0) {
      return { ok: false, message: failureText('scancel', result) };
    }
  }
  return { ok: true };
}

/** Argument lists for one or more scancel: `123` for an array, `123_[1-3,7]` for elements. */
export function cancelArguments(targets: readonly CancelTarget[]): string[][] {
  const calls: string[][] = [];
  let length = longestArguments;
  for (const { arrayJobId, indices } of targets) {
    if (indices?.length === 0) continue;
    const id = indices === undefined ? `${arrayJobId}` : `${arrayJobId}_[${compactIndices(indices)}]`;
    if (length + id.length >= longestArguments) {
      calls.push([]);
      length = 0;
    }
    calls.at(-1)?.push(id);
    length += id.length + 1;
  }
  return calls;
}

/** True if scancel only says that the job has ended or is forgotten already. */
function isOver(line: string): boolean {
  return /invalid job id specified|already complet/i.test(line);
}
