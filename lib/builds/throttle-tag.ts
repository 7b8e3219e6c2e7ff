import { setArrayThrottle } from '../slurm/throttle.ts';
import { arraysOfTag } from '../store/build-arrays.ts';
import { setTagThrottle } from '../store/build-tags.ts';
import { insertEvent } from '../store/events.ts';
import { instancesOfTag, unfinished } from '../store/instances.ts';
import { epochSeconds } from '../util/clock.ts';
import type { BuildSite } from './build-site.ts';

/**
 * Sets how many elements of each of a tag's arrays run at once, 0 for no limit: in the store, which arrays that are yet
 * to be submitted follow, and in Slurm. Returns the arrays that Slurm has changed and what it did not do.
 */
export async function throttleTag(
  site: BuildSite,
  tag: { id: number; name: string },
  throttle: number,
): Promise<{ arrays: number[]; problems: string[] }> {
  await site.store.transaction().execute(async (db) => {
    await setTagThrottle(db, tag.id, throttle);
    const event = { actor: site.actor, kind: 'tag.throttle', subject: tag.name, detail: { throttle } };
    await insertEvent(db, event, epochSeconds());
  });
  const instances = await instancesOfTag(site.store, tag.id);
  const open = new Set(instances.flatMap((one) => (unfinished.includes(one.status) ? [one.build_array_id] : [])));
  const arrays: number[] = [];
  const problems: string[] = [];
  for (const { id, job_id } of await arraysOfTag(site.store, tag.id)) {
    if (job_id === null || !open.has(id)) continue;
    const answer = await setArrayThrottle(site.slurm, job_id, throttle);
    if (answer.ok) arrays.push(job_id);
    else problems.push(answer.message);
  }
  return { arrays, problems };
}
