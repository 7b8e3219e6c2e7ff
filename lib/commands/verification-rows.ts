import { listVerifications, type VerificationSummary } from '../store/verifications.ts';
import { checkTag, isVerificationName } from '../util/names.ts';
import { CtmgrError } from '../util/errors.ts';
import type { Context } from './context.ts';
import { asksStore } from './load-catalogue.ts';

/**
 * Verification builds as rows of `ctmgr status`, oldest first: all that are kept, or that of this name. Throws `inputMissing` if there is
 * none of this name, `notAllowed` for callers who may not open the database.
 */
export async function verificationRows(context: Context, name?: string): Promise<Record<string, unknown>[]> {
  if (!asksStore(context)) {
    throw new CtmgrError('notAllowed', 'verification builds are for admins, on the management host', {
      hint: 'ctmgr logs verify-YYYY-MM-DD.N',
    });
  }
  const all = await listVerifications(await context.store());
  const rows = name === undefined ? all : all.filter((row) => row.name === name);
  if (rows.length > 0 || name === undefined) return rows.map(describe);
  throw new CtmgrError('inputMissing', `there is no verification ${name}`, {
    why: `they are kept for ${context.config.build.verification_days} days`,
    hint: 'ctmgr status --verifications',
  });
}

/** Says which verification builds are not finished, to those who may know. */
export async function tellVerifications(context: Context): Promise<void> {
  if (!asksStore(context)) return;
  const open = await listVerifications(await context.store(), 'unfinished');
  const texts = open.map(({ name, subject, status, node }) => {
    return `${name} (${subject}, ${status}${node === null ? '' : ` on ${node}`})`;
  });
  if (texts.length > 0) context.terminal.say(`ctmgr: being verified: ${texts.join(', ')}`);
}

/** True for `verify-YYYY-MM-DD.N`, false for a build tag; throws `usage` for anything else. */
export function isVerification(text: string): boolean {
  if (isVerificationName(text)) return true;
  checkTag(text);
  return false;
}

function describe(row: VerificationSummary): Record<string, unknown> {
  const { subject, name, status, job_id, node, started_at, ended_at, failure_kind, message } = row;
  return {
    name: subject,
    tag: name,
    status,
    job: job_id === null ? null : `${job_id}_0`,
    node,
    elapsed: started_at === null || ended_at === null ? null : ended_at - started_at,
    kind: failure_kind,
    message,
    attempt: 1,
    class: row.class,
    hint: null,
  };
}
