import { createHash } from 'node:crypto';

import type { BuildSite } from '../builds/build-site.ts';
import { logFiles } from '../builds/tag-folders.ts';
import type { BuildTag } from '../store/build-tags.ts';
import { listCurrentImages } from '../store/current-images.ts';
import { stuckGates } from '../store/image-gates.ts';
import { instancesOfTag } from '../store/instances.ts';
import { isHeld } from '../store/tag-holds.ts';
import { buildBefore } from '../store/tag-notices.ts';

/** What a notifier is told about the end of a tag: the JSON document of the README; keys are only ever added. */
export interface TagMessage {
  schema: 1;
  /** The same whenever this message is sent again. */
  id: string;
  tag: string;
  /** Who started it; `schedule:NAME` for a schedule. */
  by: string;
  /** Seconds since the epoch. */
  started: number;
  ended: number;
  /** Names keep their meaning until `ctmgr publish`. */
  held: boolean;
  counts: { success: number; failure: number; cancelled: number; lost: number };
  failed: FailedImage[];
  /** Images that are good and whose build before was not. */
  recovered: { name: string; failed_tag: string }[];
  /** Good images whose names keep their meaning, since a gate has not been passed or cannot be. */
  gated: { name: string; gate: string; message: string }[];
}

export interface FailedImage {
  name: string;
  status: string;
  failure_kind: string | null;
  message: string | null;
  node: string | null;
  /** Files with what the build printed; an empty one is removed. */
  logs: string[];
  /** The tag that NAME means all the same, if there is one. */
  current: string | null;
}

/** Collects the message about a tag that has ended. */
export async function tagMessage(site: BuildSite, tag: BuildTag): Promise<TagMessage> {
  const instances = await instancesOfTag(site.store, tag.id);
  const current = new Map((await listCurrentImages(site.store)).map((image) => [image.recipeId, image.tag]));
  const counts = { success: 0, failure: 0, cancelled: 0, lost: 0 };
  const failed: FailedImage[] = [];
  const recovered: TagMessage['recovered'] = [];
  for (const instance of instances) {
    const { name, status, failure_kind, message, node, recipe_id } = instance;
    if (status in counts) counts[status as keyof typeof counts] += 1;
    if (status === 'success') {
      const before = await buildBefore(site.store, recipe_id, tag.id);
      if (before !== undefined && before.status !== 'success') recovered.push({ name, failed_tag: before.tag });
    } else if (status !== 'cancelled') {
      const { out, err } = logFiles(site.paths, instance);
      const means = current.get(recipe_id) ?? null;
      failed.push({ name, status, failure_kind, message, node, logs: [out, err], current: means });
    }
  }
  const stuck = await stuckGates(site.store, tag.id);
  const gated = stuck.map(({ name, gate, message }) => ({ name, gate, message: message ?? '' }));
  return {
    schema: 1,
    // Gates decide after the tag's end: that is another message for each set of those that keep images back.
    id: gated.length === 0 ? tag.name : `${tag.name}.gates-${fingerprint(gated)}`,
    tag: tag.name,
    by: tag.created_by,
    started: tag.created_at,
    ended: Math.max(tag.created_at, ...instances.map(({ ended_at, changed_at }) => ended_at ?? changed_at)),
    held: await isHeld(site.store, tag.id),
    counts,
    failed,
    recovered,
    gated,
  };
}

function fingerprint(gated: TagMessage['gated']): string {
  const lines = gated.map(({ name, gate, message }) => JSON.stringify([name, gate, message])).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12);
}
