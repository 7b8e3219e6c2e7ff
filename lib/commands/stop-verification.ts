import type { BuildSite } from '../builds/build-site.ts';
import { cancelVerification } from '../builds/cancel-verification.ts';
import { unfinished } from '../store/instances.ts';
import type { Verification } from '../store/verifications.ts';
import { exitCodes } from '../util/errors.ts';
import type { RecordAnswer } from './context.ts';

/** Stops a verification build that is not finished, and says what came of it. */
export async function stopVerification(site: BuildSite, row: Verification, dryRun: boolean): Promise<RecordAnswer> {
  const { name, subject, status } = row;
  const answer = (result: string, text: string, exitCode = 0): RecordAnswer => {
    return { kind: 'record', record: { verification: name, result }, text: `${text}\n`, exitCode };
  };
  if (!unfinished.includes(status)) return answer('over', `${name} (${subject}) is over already: ${status}.`);
  if (dryRun) return answer('would-cancel', `Would stop ${name} (${subject}), ${status}.\nNothing was changed.`);
  const done = await cancelVerification(site, row);
  const next = `Next: ctmgr verify ${name} --wait`;
  switch (done.kind) {
    case 'at-once':
      return answer('cancelled', `Cancelled ${name} (${subject}) before it was submitted.`);
    case 'asked':
      return answer('asked', `Slurm was asked to stop ${name} (${subject}).\n${next}`);
    case 'in-doubt':
      return answer('in-doubt', `Slurm has not confirmed the job of ${name}: try again soon.`, exitCodes.tryAgain);
    case 'silent':
      return answer('silent', `Slurm did not take the request: ${done.problem}`, exitCodes.tryAgain);
  }
}
