import { failureText, type NoAnswer, runTool, type SlurmTools } from './slurm-tools.ts';

/**
 * Sets how many elements of an array run at once, 0 for no limit (scontrol(1), ArrayTaskThrottle); those that run go on.
 * scontrol also complains of every element that has finished already, which changes nothing for the others; 22.05 then says
 * of those `95_1-3: No error` and ends with 1 as well (seen).
 */
export async function setArrayThrottle(
  slurm: SlurmTools,
  arrayJobId: number,
  throttle: number,
): Promise<{ ok: true } | NoAnswer> {
  const result = await runTool(slurm, 'scontrol', ['update', `JobId=${arrayJobId}`, `ArrayTaskThrottle=${throttle}`]);
  const complaints = result.stderr.split('\n').filter((line) => line.trim() !== '' && !isOver(line));
  if (result.exitCode === 0 || (result.exitCode !== undefined && result.stderr !== '' && complaints.length === 0)) {
    return { ok: true };
  }
  return { ok: false, message: failureText('scontrol update', result) };
}

function isOver(line: string): boolean {
  return /invalid job id specified|job has already finished|: no error$/i.test(line);
}
