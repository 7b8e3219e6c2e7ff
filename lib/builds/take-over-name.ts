import { dirname, join, relative } from 'node:path';

import { findCurrentImage, setCurrentImage } from '../store/current-images.ts';
import type { Instance } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { replaceSymlink } from '../util/write-file.ts';
import type { BuildSite } from './build-site.ts';

/**
 * Makes NAME mean a good build, in the store and as a link on the share, unless it means a newer one already; false then.
 * Call it inside a transaction that is repeated after a crash. Throws the system's error if the share does not let it.
 */
export async function takeOverName(
  db: Store,
  site: BuildSite,
  instance: Instance,
  file: string,
  now: number,
): Promise<boolean> {
  const current = await findCurrentImage(db, instance.recipe_id);
  if (current !== undefined && current.buildTagId > instance.build_tag_id) return false;
  await setCurrentImage(db, instance.recipe_id, instance.id, site.actor, now);
  const link = join(site.paths.current, `${instance.name}.sif`);
  await replaceSymlink(link, relative(dirname(link), file));
  return true;
}
