import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { ContextManifest } from '../definitions/context-manifest.ts';
import { contextArchive } from '../definitions/import-recipe.ts';
import { insertEvent } from '../store/events.ts';
import type { Instance } from '../store/instances.ts';
import {
  changeVerification,
  deleteVerification,
  isContextUsed,
  unfinishedVerifications,
  type Verification,
  verificationsEndedBefore,
} from '../store/verifications.ts';
import { accountName } from '../util/accounts.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { decide, type Decision } from './decide.ts';
import { askSlurm, noNews, type SlurmNews } from './gather-evidence.ts';
import { isOverMemory } from './over-memory.ts';
import { removeEmptyLogs } from './publish.ts';
import { noShareNews, readResults, readStarts } from './read-share.ts';
import { tryOnShare } from './share-error.ts';
import { placeOf } from './tag-folders.ts';
import { placeOfVerification, settleSubmission, submitVerification } from './submit-verification.ts';

/**
 * A pass over verification builds alone: submits those that wait, moves the others by the rules of all builds (`decide`), and clears away
 * what is older than `build.verification_days`. Returns what could not be done this time.
 */
export async function pollVerifications(site: BuildSite): Promise<{ problems: string[] }> {
  const { open, problems } = await beginVerifications(site, true);
  const news = open.length === 0 ? noNews : await askSlurm(site, open.map(asInstance));
  const left = await settleVerifications(site, open, news);
  return { problems: [...problems, ...news.problems, ...left] };
}

/**
 * Does what needs no word of Slurm about jobs: submits (unless `submitToo` is false) and reads result files. Returns those that are with
 * Slurm, about which it can be asked together with builds, and what could not be done this time.
 */
export async function beginVerifications(
  site: BuildSite,
  askSlurmToo: boolean,
  submitToo = true,
): Promise<{ open: Verification[]; problems: string[] }> {
  const problems: string[] = [];
  const rows = await unfinishedVerifications(site.store);
  for (const row of submitToo ? rows.filter(({ job_id }) => job_id === null) : []) {
    const problem = await submit(site, row, askSlurmToo);
    if (problem !== undefined) problems.push(problem);
  }
  const open: Verification[] = [];
  for (const row of rows) if (row.job_id !== null && !(await step(site, row, noNews, problems))) open.push(row);
  if (askSlurmToo) await clearAway(site, problems);
  return { open, problems };
}

/** Moves verifications by what Slurm said about them, see `asInstance`. Returns what could not be done this time. */
export async function settleVerifications(site: BuildSite, open: Verification[], news: SlurmNews): Promise<string[]> {
  const problems: string[] = [];
  for (const row of open) await step(site, row, news, problems);
  return problems;
}

async function submit(site: BuildSite, row: Verification, askSlurmToo: boolean): Promise<string | undefined> {
  try {
    if (row.attempted_at === null) return await submitVerification(site, row);
    return askSlurmToo ? await settleSubmission(site, row) : undefined;
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    return `cannot submit ${row.name} now: ${error.message}: ${error.why ?? ''}`;
  }
}

/** Returns true if there is nothing more to decide about it in this pass. */
async function step(site: BuildSite, row: Verification, news: SlurmNews, problems: string[]): Promise<boolean> {
  const instance = asInstance(row);
  const share = (await readResults(site, [instance])).get(instance.id) ?? noShareNews;
  if (share.shareProblem !== undefined) problems.push(share.shareProblem);
  const started = await readStarts(site, [instance], news.records, news.state !== 'unasked');
  const record = news.records.get(instance.id);
  const { result_grace, lost_after } = site.config.poll;
  const decision = decide({
    status: row.status,
    result: share.result,
    resultProblem: share.resultProblem,
    shareSeen: share.seen,
    claimed: started.has(instance.id),
    overMemory: await isOverMemory(site, instance, record),
    cancelledBy: null,
    record,
    slurm: news.state,
    arrayInQueue: row.job_id !== null && news.arraysInQueue.has(row.job_id),
    missingSince: row.missing_since,
    now: epochSeconds(),
    resultGrace: result_grace,
    lostAfter: lost_after,
    nameOf: accountName,
  });
  const facts = share.result ?? record;
  const node = facts?.node ?? row.node;
  if (decision.kind === 'keep') {
    if (decision.missingSince === row.missing_since) return false;
    await changeVerification(site.store, row, { missing_since: decision.missingSince });
    row.missing_since = decision.missingSince;
    return false;
  }
  if (decision.kind === 'progress') {
    const change = { status: decision.status, node, missing_since: null };
    if (await changeVerification(site.store, row, change)) Object.assign(row, change);
    return false;
  }
  const ended_at = facts?.ended ?? epochSeconds();
  const change = { ...endOf(decision), node, started_at: facts?.started ?? null, ended_at };
  const problem = await end(site, row, change);
  if (problem !== undefined) problems.push(problem);
  return true;
}

function endOf(decision: Exclude<Decision, { kind: 'keep' | 'progress' }>): Partial<Verification> {
  switch (decision.kind) {
    case 'success':
      return { status: 'success', exit_code: 0 };
    case 'failure': {
      const { failureKind, message, exitCode } = decision;
      return { status: 'failure', failure_kind: failureKind, message, exit_code: exitCode };
    }
    default:
      return { status: decision.kind, message: decision.message };
  }
}

/** Returns what could not be cleared away; `clearAway` does, some day. */
async function end(site: BuildSite, row: Verification, change: Partial<Verification>): Promise<string | undefined> {
  const done = await site.store.transaction().execute(async (db) => {
    if (!(await changeVerification(db, row, change))) return false;
    const detail = { recipe: row.subject, message: change.message ?? null };
    const event = { actor: site.actor, kind: `verification.${change.status}`, subject: row.name, detail };
    await insertEvent(db, event, epochSeconds());
    return true;
  });
  if (!done) return undefined;
  return tryOnShare(`clear away the task of ${row.name}`, async () => {
    await removeEmptyLogs(site, asInstance(row));
    await rm(join(site.paths.tasks, row.name), { recursive: true, force: true });
  });
}

/** Logs and results of old ones, and stored files that only they needed. */
async function clearAway(site: BuildSite, problems: string[]): Promise<void> {
  const { store, paths, config } = site;
  for (const row of await verificationsEndedBefore(store, epochSeconds() - config.build.verification_days * 86_400)) {
    const place = placeOf(paths, row.group);
    const problem = await tryOnShare(`clear away ${row.name}`, async () => {
      for (const parent of [place.logs, place.builds, paths.results, paths.tasks]) {
        await rm(join(parent, row.name), { recursive: true, force: true });
      }
    });
    if (problem !== undefined) {
      problems.push(problem);
      continue;
    }
    const { digest } = JSON.parse(row.context_manifest) as ContextManifest;
    await store.transaction().execute(async (db) => {
      await deleteVerification(db, row.id);
      if (!(await isContextUsed(db, digest))) await rm(contextArchive(paths.contexts, digest), { force: true });
    });
  }
}

/** What the functions that judge builds need to know of one. Its id is negative, so that it is none of a build. */
export function asInstance(row: Verification): Instance {
  const { id, job_id, status, missing_since, attempted_at } = row;
  const only = { id: -id, array_index: 0, attempt: 1, requeued_at: null };
  return { ...placeOfVerification(row), ...only, job_id, status, missing_since, attempted_at } as Instance;
}
