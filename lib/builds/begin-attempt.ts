import { insertAttempt } from '../store/attempts.ts';
import { type BuildArray, buildArray, insertBuildArray } from '../store/build-arrays.ts';
import { insertEvent } from '../store/events.ts';
import { changeInstance, type Instance } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import type { Database, InstanceStatus } from '../store/schema.ts';
import { processIdentity } from '../util/process-identity.ts';
import type { BuildSite } from './build-site.ts';
import { newMarker } from './record-rebuild.ts';
import type { NextAttempt } from './retry-policy.ts';

/** An attempt that is over and what follows it. */
export interface Retry {
  /** As it was read: status and attempt must still be the same. */
  instance: Instance;
  ended: Omit<Database['instance_attempt'], 'container_instance_id' | 'number' | 'build_array_id' | 'array_index'>;
  next: NextAttempt;
}

/**
 * Begins further attempts of instances: the ended one goes into the history, the instance becomes pending again as an
 * element of a new array. One array for each array that they come from and class, so that none is larger than Slurm takes.
 * Call it inside a transaction, and submit the arrays after it; until then they belong to this process. Instances that
 * another process was quicker with are left out. Returns the arrays and the instances.
 */
export async function beginAttempts(
  db: Store,
  site: BuildSite,
  retries: Retry[],
  now: number,
): Promise<{ arrays: BuildArray[]; begun: Retry[] }> {
  const groups = Map.groupBy(retries, ({ instance, next }) => `${instance.build_array_id} ${next.class} ${next.delay}`);
  const arrays: BuildArray[] = [];
  const begun: Retry[] = [];
  for (const members of groups.values()) {
    const [first] = members;
    if (first === undefined) continue;
    const { instance, next } = first;
    const arrayId = await insertBuildArray(db, {
      buildTagId: instance.build_tag_id,
      class: next.class,
      marker: newMarker(instance.tag),
      submitter: processIdentity(),
      beginDelay: next.delay,
    });
    let index = 0;
    for (const retry of members) {
      if (!(await begin(db, site, retry, { arrayId, index }, now))) continue;
      begun.push(retry);
      index += 1;
    }
    arrays.push(await buildArray(db, arrayId));
  }
  return { arrays, begun };
}

async function begin(
  db: Store,
  site: BuildSite,
  { instance, ended, next }: Retry,
  place: { arrayId: number; index: number },
  now: number,
): Promise<boolean> {
  const { id, status, attempt, build_array_id, array_index } = instance;
  const values = { container_instance_id: id, number: attempt, build_array_id, array_index, ...ended };
  if (!(await isStill(db, instance, status))) return false;
  await insertAttempt(db, values);
  const cause = describeEnd(ended);
  await changeInstance(db, id, status, {
    status: 'pending',
    build_array_id: place.arrayId,
    array_index: place.index,
    attempt: attempt + 1,
    failure_kind: null,
    message: `attempt ${attempt + 1} after ${cause}`,
    reason: null,
    node: null,
    exit_code: null,
    started_at: null,
    ended_at: null,
    missing_since: null,
    requeued_at: null,
    cancelled_by: null,
    changed_at: now,
  });
  const subject = `${instance.name}:${instance.tag}`;
  const detail = { attempt: attempt + 1, class: next.class, after: cause };
  await insertEvent(db, { actor: site.actor, kind: 'image.retry', subject, detail }, now);
  return true;
}

/** Compares and holds the row at once: an update that changes nothing. */
async function isStill(db: Store, { id, attempt }: Instance, status: InstanceStatus): Promise<boolean> {
  return changeInstance(db, id, status, { attempt }, attempt);
}

/** `node: the node failed on b1`, or `cancelled by root`. */
function describeEnd({ status, failure_kind, message }: Retry['ended']): string {
  return `${failure_kind ?? status}: ${message ?? 'no message'}`;
}
