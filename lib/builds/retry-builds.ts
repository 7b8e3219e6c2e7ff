import { resourceClass } from '../config/resource-class.ts';
import { type Instance, instancesOfTag } from '../store/instances.ts';
import { recipeAccess } from '../store/recipes.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';
import { beginAttempts, type Retry } from './begin-attempt.ts';
import type { BuildSite } from './build-site.ts';
import { largerClass } from './retry-policy.ts';
import { submitPlannedArray, type SubmissionReport } from './submit-array.ts';
import { writeCatalogue } from './write-catalogue.ts';

/**
 * What would be built once more: everything of a tag that has ended without an image, or what of it has one of the names;
 * in the class of its last attempt, or the next larger one after it ran out of memory. Nothing of names that are retired. Changes nothing.
 * Throws if a name is not among the tag's images (66), is retired (66) or has nothing to retry (66), or if a class is not configured any
 * more (78).
 */
export async function planRetry(site: BuildSite, tag: { id: number; name: string }, names: string[]): Promise<Retry[]> {
  const instances = await instancesOfTag(site.store, tag.id);
  const wanted = names.map((name) => pick(instances, name, tag.name));
  const failed = (names.length === 0 ? instances : wanted).flatMap((instance) => retryOf(site, instance));
  const retries: Retry[] = [];
  for (const retry of failed) {
    if (!(await recipeAccess(site.store, retry.instance.recipe_id)).retired) retries.push(retry);
    else if (names.length > 0) throw isRetired(retry.instance.name);
  }
  for (const { next } of retries) resourceClass(site.config, next.class);
  if (retries.length > 0) return retries;
  const [retired] = failed;
  if (retired !== undefined) throw isRetired(retired.instance.name);
  const open = instances.some(({ status }) => status !== 'success');
  throw new CtmgrError('inputMissing', `nothing of ${tag.name} has failed`, {
    why: open ? 'its builds are still under way' : 'every image of it is good',
    hint: `ctmgr status ${tag.name}`,
  });
}

function isRetired(name: string): CtmgrError {
  return new CtmgrError('inputMissing', `${name} is retired`, {
    why: 'it is not built any more',
    hint: `bring it back first: ctmgr import DOCKERFILE --name ${name}`,
  });
}

function pick(instances: Instance[], name: string, tag: string): Instance {
  const found = instances.find((instance) => instance.name === name);
  if (found === undefined) {
    throw new CtmgrError('inputMissing', `${tag} has no image ${name}`, { hint: `ctmgr status ${tag}` });
  }
  if (isBad(found)) return found;
  throw new CtmgrError('inputMissing', `${name}:${tag} has not failed`, {
    why: found.status === 'success' ? 'its image is good' : `it is ${found.status}`,
    hint: found.status === 'success' ? `ctmgr rebuild ${name}` : `ctmgr cancel ${name}`,
  });
}

function isBad({ status }: Instance): boolean {
  return status === 'failure' || status === 'cancelled' || status === 'lost';
}

function retryOf({ config }: BuildSite, instance: Instance): Retry[] {
  const { status, failure_kind, message, node, exit_code, started_at, ended_at } = instance;
  if (status !== 'failure' && status !== 'cancelled' && status !== 'lost') return [];
  const larger = failure_kind === 'oom' ? largerClass(config, instance.class) : undefined;
  const ended = { status, failure_kind, message, node, exit_code, started_at, ended_at };
  return [{ instance, ended, next: { class: larger ?? instance.class, delay: 0 } }];
}

/** Begins the attempts and submits them; what Slurm did not confirm is left to the poller. */
export async function startRetry(
  site: BuildSite,
  retries: Retry[],
): Promise<{ begun: Retry[]; reports: SubmissionReport[] }> {
  const { arrays, begun } = await site.store
    .transaction()
    .execute((db) => beginAttempts(db, site, retries, epochSeconds()));
  const reports: SubmissionReport[] = [];
  for (const array of arrays) reports.push(await submitPlannedArray(site, array));
  await writeCatalogue(site.store, site.paths);
  return { begun, reports };
}
