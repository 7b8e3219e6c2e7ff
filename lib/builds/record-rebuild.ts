import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { insertBuildArray } from '../store/build-arrays.ts';
import { insertBuildTag, nextTagName } from '../store/build-tags.ts';
import { insertEvent } from '../store/events.ts';
import { insertInstance } from '../store/instances.ts';
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
 * (their job name, by which a lost reply of sbatch is found again) and all instances as `pending`.
 */
export async function recordRebuild(site: BuildSite, arrays: PlannedArray[]): Promise<RecordedTag> {
  return site.store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const name = await nextTagName(db, formatTime(now).slice(0, 10));
    const { builds, logs } = site.paths;
    const tag = { name, buildsPath: join(builds, name), logsPath: join(logs, name) };
    const id = await insertBuildTag(db, tag, site.actor, now);
    for (const array of arrays) {
      const buildArrayId = await insertBuildArray(db, {
        buildTagId: id,
        class: array.class,
        marker: newMarker(name),
        submitter: processIdentity(),
      });
      for (const { recipe, taskIndex, arrayIndex, inputHash } of array.instances) {
        await insertInstance(
          db,
          {
            buildTagId: id,
            buildArrayId,
            recipeContentId: recipe.source.content.id,
            taskIndex,
            arrayIndex,
            inputHash,
            definition: recipe.definition,
            overlayContentIds: recipe.overlays.map((overlay) => overlay.contentId),
          },
          now,
        );
      }
    }
    const images = arrays.reduce((sum, array) => sum + array.instances.length, 0);
    await insertEvent(db, { actor: site.actor, kind: 'rebuild', subject: name, detail: { images } }, now);
    return { id, name };
  });
}

/** Unique on every cluster that shares the accounting database: 80 random bits. */
export function newMarker(tag: string): string {
  return `ctmgr-${tag}-${randomBytes(10).toString('hex')}`;
}
