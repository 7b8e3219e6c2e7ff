import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { insertBuildArray } from '../store/build-arrays.ts';
import { insertBuildTag, nextTagName } from '../store/build-tags.ts';
import { insertEvent } from '../store/events.ts';
import { insertInstanceBases } from '../store/instance-bases.ts';
import { insertInstance, type NewInstance } from '../store/instances.ts';
import { insertTagHold } from '../store/tag-holds.ts';
import { epochSeconds, formatTime } from '../util/clock.ts';
import { processIdentity } from '../util/process-identity.ts';
import type { BuildSite } from './build-site.ts';
import type { PlannedBase } from './plan-bases.ts';
import type { PlannedArray } from './plan-rebuild.ts';

export interface RecordedTag {
  id: number;
  name: string;
}

/**
 * Writes a rebuild down, in one transaction and before anything is submitted: the tag, its arrays with a marker each
 * (their job name, by which a lost reply of sbatch is found again) and all instances as `pending`. `submitter` is who will
 * submit them; null leaves that to the poller. With `hold` the tag is not published until it is released.
 */
export async function recordRebuild(
  site: Pick<BuildSite, 'store' | 'paths' | 'actor'>,
  arrays: PlannedArray[],
  { submitter = processIdentity(), hold = false }: { submitter?: string | null; hold?: boolean } = {},
): Promise<RecordedTag> {
  return site.store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const name = await nextTagName(db, formatTime(now).slice(0, 10), (tag) => hasFolders(site, tag));
    const { builds, logs } = site.paths;
    const tag = { name, buildsPath: join(builds, name), logsPath: join(logs, name) };
    const id = await insertBuildTag(db, tag, site.actor, now);
    if (hold) await insertTagHold(db, id);
    const planned: { instance: NewInstance; name: string; bases: PlannedBase[] }[] = [];
    for (const array of arrays) {
      const buildArrayId = await insertBuildArray(db, {
        buildTagId: id,
        class: array.class,
        marker: newMarker(name),
        submitter,
      });
      for (const { name: image, recipe, taskIndex, arrayIndex, inputHash, bases } of array.instances) {
        const instance = {
          buildTagId: id,
          buildArrayId,
          recipeContentId: recipe.source.content.id,
          taskIndex,
          arrayIndex,
          inputHash,
          definition: recipe.definition,
          group: recipe.source.recipe.group,
          overlayContentIds: recipe.overlays.map((overlay) => overlay.contentId),
        };
        planned.push({ instance, name: image, bases });
      }
    }
    // In the order of the tasks: by name, but each after those that it is built from. The arrays have the order in which they are built.
    planned.sort((one, other) => one.instance.taskIndex - other.instance.taskIndex);
    const ids = new Map<string, number>();
    for (const { instance, name: image, bases } of planned) {
      const instanceId = await insertInstance(db, instance, now);
      ids.set(image, instanceId);
      await insertInstanceBases(
        db,
        instanceId,
        bases.map((base) => ({
          reference: base.reference,
          digest: base.kind === 'registry' ? base.digest : null,
          baseInstanceId: base.kind === 'registry' ? null : (base.built?.id ?? ids.get(base.name) ?? null),
        })),
      );
    }
    const images = arrays.reduce((sum, array) => sum + array.instances.length, 0);
    await insertEvent(db, { actor: site.actor, kind: 'rebuild', subject: name, detail: { images } }, now);
    return { id, name };
  });
}

/**
 * True if the share has something of a tag that the database does not know, as after a restore: results of those builds would
 * be taken for those of the new ones.
 */
function hasFolders({ paths }: Pick<BuildSite, 'paths'>, tag: string): boolean {
  const { builds, logs, tasks, results } = paths;
  return [builds, logs, tasks, results].some((folder) => existsSync(join(folder, tag)));
}

/** Unique on every cluster that shares the accounting database: 80 random bits. */
export function newMarker(tag: string): string {
  return `ctmgr-${tag}-${randomBytes(10).toString('hex')}`;
}
