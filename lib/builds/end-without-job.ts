import { insertEvent } from '../store/events.ts';
import { changeInstance, type Instance } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { epochSeconds } from '../util/clock.ts';
import type { BuildSite } from './build-site.ts';

/**
 * Ends an image that was never submitted and cannot be: as a failure of the infrastructure, or as cancelled. Nothing happens if it is
 * not pending any more. Call it inside a transaction.
 */
export async function endWithoutJob(
  db: Store,
  site: BuildSite,
  instance: Instance,
  end: { message: string; isCancelled?: boolean },
): Promise<void> {
  const now = epochSeconds();
  const { message, isCancelled = false } = end;
  const changed = await changeInstance(db, instance.id, 'pending', {
    status: isCancelled ? 'cancelled' : 'failure',
    failure_kind: isCancelled ? null : 'infrastructure',
    message,
    ended_at: now,
    changed_at: now,
  });
  if (!changed) return;
  const kind = isCancelled ? 'image.cancelled' : 'image.failure';
  const subject = `${instance.name}:${instance.tag}`;
  await insertEvent(db, { actor: site.actor, kind, subject, detail: { detail: message } }, now);
}
