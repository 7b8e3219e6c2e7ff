import { explainReason } from '../slurm/pending-reasons.ts';

/** Slurm's reason for which a build waits, what it means and what helps, in one line; undefined if it passes by itself. */
export function waitingHint(reason: string, job: string | null, className: string | null): string | undefined {
  const found = explainReason(reason, job ?? 'JOB', className ?? 'NAME');
  return found === undefined ? undefined : `${reason}: ${found.meaning}. Try: ${found.help}`;
}
