import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { findBuildTag } from '../store/build-tags.ts';
import { setCurrentImage } from '../store/current-images.ts';
import { insertEvent } from '../store/events.ts';
import { closedGates, type ImageGate, isGated } from '../store/image-gates.ts';
import { type Instance, instancesOfTag, unfinished } from '../store/instances.ts';
import { findTagHold, markReleased, markReleasing, releaseExceptions, type TagHold } from '../store/tag-holds.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError, errorText } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { openGates, overrideGates } from './open-gates.ts';
import { takesNameOver } from './publish.ts';
import { explainShareError } from './share-error.ts';
import { showName } from './show-names.ts';
import { writeCatalogue } from './write-catalogue.ts';

export interface Release {
  tag: string;
  /** It had been released before: nothing was changed. */
  already: boolean;
  /** Names that mean the build of this tag now. */
  live: string[];
  /** Names that keep their meaning: it is newer, pinned, or retired, or somebody has chosen it since the release began. */
  kept: string[];
  /** Names whose image a gate keeps back. */
  gated: string[];
  /** Images of the tag that are not good. */
  missing: string[];
}

/**
 * Lets a held tag go live, all or nothing: refused while an image is unfinished (75), if one is not good (1; not with
 * `partial`), and if a file is not what was built (1). That it is to happen is recorded before anything changes, so that
 * the next poll completes what a crash interrupts. With a `reason` also what gates keep back goes live, of a tag that is
 * not held as well; without one gates are respected (refused with 1; left out with `partial`).
 */
export async function releaseTag(site: BuildSite, name: string, partial: boolean, reason?: string): Promise<Release> {
  const tag = await findBuildTag(site.store, name);
  if (tag === undefined)
    throw new CtmgrError('inputMissing', `there is no build tag ${name}`, { hint: 'ctmgr status' });
  const hold = await findTagHold(site.store, tag.id);
  const closed = (await closedGates(site.store)).filter((gate) => gate.build_tag_id === tag.id);
  if (closed.length > 0 && reason === undefined && !partial) throw gateInTheWay(name, closed);
  if (hold === undefined && closed.length > 0 && reason !== undefined) {
    await site.store.transaction().execute((db) => overrideGates(db, tag.id, { actor: site.actor, message: reason }));
    return finish(site, { tag: name, already: false, live: [], kept: [], gated: [], missing: [] });
  }
  if (hold === undefined) {
    throw new CtmgrError('usage', `${name} is not held`, {
      why: 'its good images went live when they were built',
      hint: `ctmgr status ${name}`,
    });
  }
  const instances = await instancesOfTag(site.store, tag.id);
  const bad = instances.filter(({ status }) => status !== 'success').map((instance) => instance.name);
  if (hold.state === 'held') {
    refuseUnfinished(name, instances);
    if (bad.length > 0 && !partial) {
      throw new CtmgrError('failed', `${name} is not complete, so nothing was published`, {
        why: `not good: ${bad.join(', ')}`,
        hint: `ctmgr status ${name}; publish the others with: ctmgr publish ${name} --partial`,
      });
    }
    await checkFiles(name, instances);
    await site.store.transaction().execute(async (db) => {
      const now = epochSeconds();
      if (!(await markReleasing(db, tag.id, site.actor, now))) return;
      const detail = { left_out: bad, message: reason ?? null };
      await insertEvent(db, { actor: site.actor, kind: 'tag.publish', subject: name, detail }, now);
    });
  }
  if (closed.length > 0 && reason !== undefined) {
    await site.store.transaction().execute((db) => overrideGates(db, tag.id, { actor: site.actor, message: reason }));
  }
  const done = await complete(site, name, hold);
  return finish(site, { tag: name, already: hold.state === 'released', ...done, missing: bad });
}

/** What is recorded by now is done by the next pass if the share does not let it happen now. */
async function complete(site: BuildSite, name: string, hold: TagHold): ReturnType<typeof completeRelease> {
  try {
    return await completeRelease(site, hold);
  } catch (error) {
    throw explainShareError(error, {
      code: 'tryAgain',
      message: `${name} is to be published, and its names keep their old meaning for now`,
      hint: 'make the share writable, then: ctmgr poll',
    });
  }
}

/** Opens what gates have been passed or overridden, and shows everything to readers. */
async function finish(site: BuildSite, release: Release): Promise<Release> {
  const { live, kept, problems } = await openGates(site);
  await writeCatalogue(site.store, site.paths);
  if (problems.length > 0) {
    throw new CtmgrError('tryAgain', `${release.tag} is published, and not all of its names show it yet`, {
      why: problems.join('; '),
      hint: 'is the share writable? Then: ctmgr poll',
    });
  }
  const gated = release.gated.filter((name) => !live.includes(name) && !kept.includes(name));
  return { ...release, live: [...release.live, ...live], kept: [...release.kept, ...kept], gated };
}

function gateInTheWay(tag: string, gates: ImageGate[]): CtmgrError {
  const words = gates.map(({ name, gate, state, message }) => `${name}: gate ${gate}: ${message ?? state}`);
  return new CtmgrError('failed', `gates keep images of ${tag} back, so nothing was published`, {
    why: words.join('; '),
    hint: `ctmgr bench gate; in spite of them: ctmgr publish ${tag} --message WHY`,
  });
}

/**
 * Makes the names mean the good builds of a tag whose release is recorded, in one transaction, but for those that somebody has given
 * a meaning since; links that a crash left changed are changed again to the same. Throws the system's error if the share does not let it.
 */
export async function completeRelease(
  site: BuildSite,
  { build_tag_id }: Pick<TagHold, 'build_tag_id'>,
): Promise<{ live: string[]; kept: string[]; gated: string[] }> {
  return site.store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const live: string[] = [];
    const kept: string[] = [];
    const gated: string[] = [];
    const done = !(await markReleased(db, build_tag_id));
    const exceptions = await releaseExceptions(db, build_tag_id);
    for (const instance of await instancesOfTag(db, build_tag_id)) {
      if (done || instance.status !== 'success' || instance.file === null) continue;
      if (await isGated(db, instance.id)) gated.push(instance.name);
      else if (!exceptions.has(instance.recipe_id) && (await takesNameOver(db, instance))) {
        await setCurrentImage(db, instance.recipe_id, instance.id, site.actor, now);
        await showName(db, site, instance.recipe_id);
        live.push(instance.name);
      } else kept.push(instance.name);
    }
    return { live, kept, gated };
  });
}

function refuseUnfinished(tag: string, instances: Instance[]): void {
  const left = instances.filter(({ status }) => unfinished.includes(status)).length;
  if (left === 0) return;
  throw new CtmgrError('tryAgain', `${tag} is not finished, so nothing was published`, {
    why: `${left} of ${instances.length} images are still to be built`,
    hint: `ctmgr poll --wait; then: ctmgr publish ${tag}`,
  });
}

/** Before the first name changes: a file that is gone would leave the tag half live. */
async function checkFiles(tag: string, instances: Instance[]): Promise<void> {
  const wrong: string[] = [];
  for (const { status, file, size, name } of instances) {
    if (status !== 'success' || file === null) continue;
    try {
      const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const found = await handle.stat();
        if (!found.isFile() || found.size !== size) wrong.push(`${name}: ${file} is not the file that was built`);
      } finally {
        await handle.close();
      }
    } catch (error) {
      wrong.push(`${name}: ${errorText(error)}`);
    }
  }
  if (wrong.length === 0) return;
  throw new CtmgrError('failed', `the images of ${tag} are not all there, so nothing was published`, {
    why: wrong.join('; '),
    hint: 'is the share mounted? ctmgr fsck',
  });
}
