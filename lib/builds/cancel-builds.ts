import { cancelJobs, type CancelTarget } from '../slurm/cancel.ts';
import { arrayStates } from '../store/build-arrays.ts';
import { insertEvent } from '../store/events.ts';
import { changeInstance, type Instance } from '../store/instances.ts';
import { epochSeconds } from '../util/clock.ts';
import type { BuildSite } from './build-site.ts';

export interface Cancellation {
  /** Instances that had not been submitted: they are cancelled now. */
  atOnce: Instance[];
  /** Instances whose jobs Slurm was asked to cancel. */
  asked: Instance[];
  /** Instances whose array Slurm has not confirmed: the poller cancels them as soon as it knows the job. */
  inDoubt: Instance[];
  /** What scancel said, if it could not be asked; the poller asks again. */
  problem: string | undefined;
}

/**
 * Cancels unfinished instances. The wish is written down first, so that the poller carries it through whatever happens: no
 * retry, no submission any more, and another scancel for what Slurm still has. What has finished meanwhile stays.
 */
export async function cancelBuilds(site: BuildSite, instances: Instance[]): Promise<Cancellation> {
  const done: Cancellation = { atOnce: [], asked: [], inDoubt: [], problem: undefined };
  await site.store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const states = await arrayStates(
      db,
      instances.map(({ build_array_id }) => build_array_id),
    );
    for (const instance of instances) {
      const state = states.get(instance.build_array_id);
      const unsubmitted = instance.status === 'pending' && state === 'planned';
      const end = {
        status: 'cancelled' as const,
        message: `cancelled by ${site.actor}`,
        ended_at: now,
        changed_at: now,
      };
      const change = { cancelled_by: site.actor, ...(unsubmitted ? end : {}) };
      if (!(await changeInstance(db, instance.id, instance.status, change, instance.attempt))) continue;
      const list = unsubmitted ? done.atOnce : instance.job_id === null ? done.inDoubt : done.asked;
      list.push(instance);
      const subject = `${instance.name}:${instance.tag}`;
      await insertEvent(db, { actor: site.actor, kind: 'image.cancel', subject }, now);
    }
  });
  const answer = await cancelJobs(site.slurm, cancelTargets(done.asked));
  return answer.ok ? done : { ...done, problem: answer.message };
}

/** The elements of instances that have been submitted, by array. */
export function cancelTargets(instances: Instance[]): CancelTarget[] {
  const byJob = Map.groupBy(instances, ({ job_id }) => job_id);
  return [...byJob].flatMap(([arrayJobId, members]) =>
    arrayJobId === null ? [] : [{ arrayJobId, indices: members.map(({ array_index }) => array_index) }],
  );
}
