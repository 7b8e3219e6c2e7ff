import type { Instance } from '../store/instances.ts';
import type { Database } from '../store/schema.ts';
import type { Decision } from './decide.ts';

/** The columns that a decision sets. */
export type Change = Pick<
  Database['container_instance'],
  'status' | 'failure_kind' | 'message' | 'reason' | 'node' | 'exit_code' | 'started_at' | 'ended_at' | 'requeued_at'
>;

/** Where and when a job ran, as far as Slurm or the element itself has said it; times in seconds since the epoch. */
export interface RunFacts {
  node?: string;
  started?: number;
  ended?: number;
}

/** The columns of an instance after a decision about it at the time `now`. Pure. */
export function changeFor(
  decision: Exclude<Decision, { kind: 'success' | 'keep' }>,
  instance: Instance,
  facts: RunFacts | undefined,
  now: number,
): Change {
  const started_at = facts?.started ?? instance.started_at;
  const common = {
    failure_kind: null,
    message: instance.message,
    reason: null,
    node: facts?.node ?? instance.node,
    exit_code: null,
    started_at,
    // Not both need come from the same clock.
    ended_at: Math.max(facts?.ended ?? now, started_at ?? 0),
    requeued_at: instance.requeued_at,
  };
  switch (decision.kind) {
    case 'progress': {
      const requeued = decision.status === 'queued' && instance.status === 'building';
      return {
        ...common,
        status: decision.status,
        reason: decision.reason,
        ended_at: null,
        ...(requeued ? { node: null, started_at: null, requeued_at: now } : {}),
      };
    }
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

/** How an instance ended, in a few words; null if there is nothing to say. */
export function describeEnd({ failure_kind, message }: Pick<Change, 'failure_kind' | 'message'>): string | null {
  return failure_kind === null ? message : `${failure_kind}: ${message}`;
}
