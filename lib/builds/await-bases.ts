import { type BuildArray, markRefused, releaseArray } from '../store/build-arrays.ts';
import { type OwnBase, ownBasesOfArray } from '../store/instance-bases.ts';
import { type Instance, instancesOfArray, unfinished } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { countNoun } from '../util/count-noun.ts';
import type { BuildSite } from './build-site.ts';
import { endWithoutJob } from './end-without-job.ts';
import type { SubmissionReport } from './submit-array.ts';

/** True while an image that some pending image of the array is built from is not finished. */
export async function isAwaitingBases(db: Store, arrayId: number): Promise<boolean> {
  return (await ownBasesOfArray(db, arrayId)).some(isOpen);
}

/**
 * Decides whether a planned array can be submitted: not before the images that its images are built from are good, checked and
 * recorded. That is done here and not by a dependency between jobs, because a base that fails may be tried once more in another job,
 * and then its images wait on. Images whose base has failed for good end without a job. Returns what there is to say if nothing is to be
 * submitted now; undefined if something is.
 */
export async function awaitBases(site: BuildSite, array: BuildArray): Promise<SubmissionReport | undefined> {
  return site.store.transaction().execute(async (db) => {
    const bases = await ownBasesOfArray(db, array.id);
    const open = namesOf(bases.filter(isOpen));
    if (open !== '') {
      await releaseArray(db, array.id, { message: `waits for ${open}`, missingSince: null });
      return { kind: 'waits', message: `class ${array.class}: ${count(bases)} after ${open}` };
    }
    const bad = bases.filter(({ status }) => status !== 'success');
    if (bad.length === 0) return undefined;
    const pending = (await instancesOfArray(db, array.id)).filter(({ status }) => status === 'pending');
    const lacking = pending.flatMap((instance) => {
      const base = bad.find(({ instanceId }) => instanceId === instance.id);
      return base === undefined ? [] : [{ instance, base }];
    });
    for (const { instance, base } of lacking) await endWithout(db, site, instance, base);
    if (lacking.length < pending.length) return undefined;
    const message = `${count(bad)} not built: base ${namesOf(bad)} has no image`;
    await markRefused(db, array.id, message);
    return { kind: 'refused', message };
  });
}

async function endWithout(db: Store, site: BuildSite, instance: Instance, base: OwnBase): Promise<void> {
  const { name, tag, status, failureKind } = base;
  const message = `its base ${name}:${tag} has no image (${failureKind === null ? status : `${status}, ${failureKind}`})`;
  const isCancelled = status === 'cancelled' || instance.cancelled_by !== null;
  await endWithoutJob(db, site, instance, { message, isCancelled });
}

function isOpen({ status }: OwnBase): boolean {
  return unfinished.includes(status);
}

function namesOf(bases: OwnBase[]): string {
  return [...new Set(bases.map(({ name }) => name))].sort().join(', ');
}

function count(bases: OwnBase[]): string {
  return countNoun(new Set(bases.map(({ instanceId }) => instanceId)).size, 'image');
}
