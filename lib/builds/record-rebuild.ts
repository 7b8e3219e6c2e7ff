import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { insertBuildArray } from '../store/build-arrays.ts';
import { insertBuildTag, nextTagName } from '../store/build-tags.ts';
import { insertEvent } from '../store/events.ts';
import { insertInstance, type NewInstance } from '../store/instances.ts';
import { insertTagHold } from '../store/tag-holds.ts';
import { epochSeconds, formatTime } from '../util/clock.ts';
import { processIdentity } from '../util/process-identity.ts';
import type { BuildSite } from './build-site.ts';
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
    const planned: NewInstance[] = [];
    for (const array of arrays) {
      const buildArrayId = await insertBuildArray(db, {
        buildTagId: id,
        class: array.class,
        marker: newMarker(name),
        submitter,
      });
      for (const { recipe, taskIndex, arrayIndex, inputHash } of array.instances) {
        planned.push({
          buildTagId: id,
          buildArrayId,
          recipeContentId: recipe.source.content.id,
          taskIndex,
          arrayIndex,
          inputHash,
          definition: recipe.definition,
          group: recipe.source.recipe.group,
          overlayContentIds: recipe.overlays.map((overlay) => overlay.contentId),
        });
      }
    }
    // In the order of the tasks, which is that of the names; the arrays have the order in which they are built.
    planned.sort((one, other) => one.taskIndex - other.taskIndex);
    for (const instance of planned) await insertInstance(db, instance, now);
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
