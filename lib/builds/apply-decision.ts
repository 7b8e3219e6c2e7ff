import { attemptsOf } from '../store/attempts.ts';
import type { BuildArray } from '../store/build-arrays.ts';
import { insertEvent } from '../store/events.ts';
import { changeInstance, type Instance } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import type { InstanceStatus } from '../store/schema.ts';
import { epochSeconds } from '../util/clock.ts';
import { beginAttempts, type Retry } from './begin-attempt.ts';
import type { BuildSite } from './build-site.ts';
import type { Decision } from './decide.ts';
import { changeFor, describeEnd, type RunFacts } from './instance-change.ts';
import { removeEmptyLogs } from './publish.ts';
import { nextAttempt } from './retry-policy.ts';

/** One change of status, for the reader. */
export interface Transition {
  name: string;
  tag: string;
  from: InstanceStatus;
  to: InstanceStatus;
  /** Failure kind and message, where there is one. */
  detail: string | null;
}

/** What was decided about an instance; success is `publish`'s business. */
export interface Settlement {
  instance: Instance;
  decision: Exclude<Decision, { kind: 'success' }>;
  facts: RunFacts | undefined;
}

/**
 * Records what was decided about instances, all in one transaction, each provided that no other process was quicker. An
 * instance that the retry policy gives another attempt does not fail: it becomes pending in a new array. Returns the
 * transitions, the arrays that the caller has to submit, and whether anything has changed that readers can see.
 */
export async function applyDecisions(
  site: BuildSite,
  settlements: Settlement[],
): Promise<{ transitions: Transition[]; arrays: BuildArray[]; visible: boolean }> {
  const now = epochSeconds();
  const planned = settlements.filter((settlement) => isNews(settlement, now));
  if (planned.length === 0) return { transitions: [], arrays: [], visible: false };
  const done = await site.store.transaction().execute(async (db) => {
    const moved: Settlement[] = [];
    const retries: Retry[] = [];
    for (const settlement of planned) {
      const retry = await retryFor(db, site, settlement, now);
      if (retry !== undefined) retries.push(retry);
      else if (await record(db, site, settlement, now)) moved.push(settlement);
    }
    return { moved, ...(await beginAttempts(db, site, retries, now)) };
  });
  for (const { instance, decision } of done.moved) if (isEnd(decision)) await removeEmptyLogs(site, instance);
  const transitions = done.moved.flatMap((settlement) => transitionOf(settlement, now));
  const visible = done.begun.length > 0 || done.moved.some(({ decision }) => decision.kind !== 'keep');
  return { transitions: [...transitions, ...done.begun.map(beginning)], arrays: done.arrays, visible };
}

function isEnd(decision: Settlement['decision']): boolean {
  return decision.kind !== 'keep' && decision.kind !== 'progress';
}

/** False if the row says all this already. */
function isNews({ instance, decision, facts }: Settlement, now: number): boolean {
  if (decision.kind === 'keep') return decision.missingSince !== instance.missing_since;
  const { status, reason, node } = changeFor(decision, instance, facts, now);
  const same = status === instance.status && reason === instance.reason && node === instance.node;
  // Also when nothing else is new: an element that was missing once and has been found is not missing any more.
  return !same || instance.missing_since !== null;
}

async function retryFor(
  db: Store,
  site: BuildSite,
  { instance, decision, facts }: Settlement,
  now: number,
): Promise<Retry | undefined> {
  if (decision.kind !== 'failure' || instance.cancelled_by !== null) return undefined;
  const earlier = instance.attempt === 1 ? [] : await attemptsOf(db, instance.id);
  const kinds = earlier.map(({ failure_kind }) => failure_kind);
  const next = nextAttempt(site.config, decision.failureKind, instance.class, kinds);
  if (next === undefined) return undefined;
  const { failure_kind, message, node, exit_code, started_at, ended_at } = changeFor(decision, instance, facts, now);
  const ended = { status: 'failure' as const, failure_kind, message, node, exit_code, started_at, ended_at };
  return { instance, ended, next };
}

async function record(
  db: Store,
  site: BuildSite,
  { instance, decision, facts }: Settlement,
  now: number,
): Promise<boolean> {
  const { id, status: from, attempt } = instance;
  if (decision.kind === 'keep') {
    return changeInstance(db, id, from, { missing_since: decision.missingSince }, attempt);
  }
  const change = changeFor(decision, instance, facts, now);
  if (!(await changeInstance(db, id, from, { ...change, missing_since: null, changed_at: now }, attempt))) return false;
  if (change.status !== from) {
    const subject = `${instance.name}:${instance.tag}`;
    const detail = { detail: describeEnd(change) };
    await insertEvent(db, { actor: site.actor, kind: `image.${change.status}`, subject, detail }, now);
  }
  return true;
}

function transitionOf({ instance, decision, facts }: Settlement, now: number): Transition[] {
  if (decision.kind === 'keep') return [];
  const change = changeFor(decision, instance, facts, now);
  const { name, tag, status: from } = instance;
  return change.status === from ? [] : [{ name, tag, from, to: change.status, detail: describeEnd(change) }];
}

function beginning({ instance, ended }: Retry): Transition {
  const { name, tag, status: from, attempt } = instance;
  const detail = `${describeEnd(ended)}; attempt ${attempt + 1} follows`;
  return { name, tag, from, to: 'pending', detail };
}
