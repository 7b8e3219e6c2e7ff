import { insertEvent } from '../store/events.ts';
import { changeInstance, type Instance } from '../store/instances.ts';
import type { FailureKind, InstanceStatus } from '../store/schema.ts';
import { epochSeconds } from '../util/clock.ts';
import type { BuildSite } from './build-site.ts';
import type { Decision } from './decide.ts';
import { removeEmptyLogs } from './publish.ts';

/** One change of status, for the reader. */
export interface Transition {
  name: string;
  tag: string;
  from: InstanceStatus;
  to: InstanceStatus;
  /** Failure kind and message, where there is one. */
  detail: string | null;
}

/** The columns that a decision sets. */
interface Change {
  status: InstanceStatus;
  failure_kind: FailureKind | null;
  message: string | null;
  reason: string | null;
  node: string | null;
  exit_code: number | null;
  started_at: number | null;
  ended_at: number | null;
}

/** Where and when a job ran, as far as Slurm or the element itself has said it; times in seconds since the epoch. */
export interface RunFacts {
  node?: string;
  started?: number;
  ended?: number;
}

/**
 * Records what was decided about an instance (success is `publish`'s business) in one transaction, provided that no
 * other process was quicker. `instance` is updated in place. Returns the transition, if the status moved, and whether
 * the instance has come to its end.
 */
export async function applyDecision(
  site: BuildSite,
  instance: Instance,
  decision: Exclude<Decision, { kind: 'success' }>,
  facts: RunFacts | undefined,
): Promise<{ transition: Transition | undefined; ended: boolean }> {
  const from = instance.status;
  if (decision.kind === 'keep') {
    if (decision.missingSince !== instance.missing_since) {
      await changeInstance(site.store, instance.id, from, { missing_since: decision.missingSince });
      instance.missing_since = decision.missingSince;
    }
    return { transition: undefined, ended: false };
  }
  const ended = decision.kind !== 'progress';
  const now = epochSeconds();
  const change = changeFor(decision, instance, facts, now);
  const moves = change.status !== from;
  const isNews = moves || change.reason !== instance.reason || change.node !== instance.node;
  // Also when nothing else is new: an element that was missing once and has been found is not missing any more.
  if (!isNews && instance.missing_since === null) return { transition: undefined, ended };
  const subject = `${instance.name}:${instance.tag}`;
  const detail = change.failure_kind === null ? change.message : `${change.failure_kind}: ${change.message}`;
  const done = await site.store.transaction().execute(async (db) => {
    if (!(await changeInstance(db, instance.id, from, { ...change, missing_since: null, changed_at: now })))
      return false;
    if (moves)
      await insertEvent(db, { actor: site.actor, kind: `image.${change.status}`, subject, detail: { detail } }, now);
    return true;
  });
  if (!done) return { transition: undefined, ended };
  Object.assign(instance, change, { missing_since: null });
  if (ended) await removeEmptyLogs(site, instance);
  const transition = { name: instance.name, tag: instance.tag, from, to: change.status, detail };
  return { transition: moves ? transition : undefined, ended };
}

function changeFor(
  decision: Exclude<Decision, { kind: 'success' | 'keep' }>,
  instance: Instance,
  facts: RunFacts | undefined,
  now: number,
): Change {
  const common = {
    failure_kind: null,
    message: null,
    reason: null,
    node: facts?.node ?? instance.node,
    exit_code: null,
    started_at: facts?.started ?? instance.started_at,
    ended_at: facts?.ended ?? now,
  };
  switch (decision.kind) {
    case 'progress':
      return { ...common, status: decision.status, reason: decision.reason, ended_at: null };
    case 'failure':
      return {
        ...common,
        status: 'failure',
        failure_kind: decision.failureKind,
        message: decision.message,
        exit_code: decision.exitCode,
      };
    case 'cancelled':
      return { ...common, status: 'cancelled', message: decision.message };
    case 'lost':
      return { ...common, status: 'lost', message: decision.message };
  }
}
