import { existsSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { listCurrentImages, recipesBehind } from '../../store/current-images.ts';
import { allInstances } from '../../store/instances.ts';
import type { Store } from '../../store/open.ts';
import { listTagHolds } from '../../store/tag-holds.ts';
import { isSystemError } from '../../util/errors.ts';
import { replaceSymlink } from '../../util/write-file.ts';
import type { BuildSite } from '../build-site.ts';
import { privateGroups } from '../show-names.ts';
import { placeOf } from '../tag-folders.ts';
import { type Catalogue, formatCatalogue } from '../catalogue-format.ts';
import { collectCatalogue, visibleTo, writeCatalogue } from '../write-catalogue.ts';
import { foreign, list } from './compare-images.ts';
import type { Difference } from './difference.ts';

/** Milliseconds in which a poller that has changed a state has written the catalogue too. */
const settleTime = 1000;

/**
 * What names mean: the links of `current` against the database. It runs inside a transaction, as everything that moves a
 * name does, so that nothing moves meanwhile.
 */
export async function compareLinks(site: BuildSite): Promise<Difference[]> {
  return site.store.transaction().execute(async (db) => {
    // The next poll moves the names of a release that has begun, and what an admin has changed.
    if ((await recipesBehind(db)).length > 0) return [];
    if ((await listTagHolds(db)).some(({ state }) => state === 'releasing')) return [];
    const expected = await expectedLinks(db, site);
    const differences: Difference[] = [];
    for (const [link, file] of expected) {
      const target = relative(dirname(link), file);
      const found = await targetOf(link);
      if (found === target) continue;
      const detail = `${found === undefined ? 'is not there' : `leads to ${found}`}; the database says ${target}`;
      const common = { kind: 'current-link', subject: link, detail };
      if (!existsSync(file)) differences.push({ ...common, fix: `${file} is missing, too: build the image again` });
      else if (found === null) differences.push({ ...common, fix: 'move away what is in its place, then: --repair' });
      else differences.push({ ...common, fix: null, repair: () => relink(site, link) });
    }
    for (const group of [null, ...(await privateGroups(site.paths))]) {
      const { current } = placeOf(site.paths, group);
      for (const { name } of await list(current)) {
        const path = join(current, name);
        if (!expected.has(path)) differences.push(foreign(path, 'the database has no current image of this name'));
      }
    }
    return differences;
  });
}

/** What the database says may have changed since. */
async function relink(site: BuildSite, link: string): Promise<void> {
  await site.store.transaction().execute(async (db) => {
    const file = (await expectedLinks(db, site)).get(link);
    if (file !== undefined) await replaceSymlink(link, relative(dirname(link), file));
  });
}

/** Link to image file, for every name that has a meaning. */
async function expectedLinks(db: Store, { paths }: BuildSite): Promise<Map<string, string>> {
  const instances = new Map((await allInstances(db)).map((instance) => [instance.id, instance]));
  const links = new Map<string, string>();
  for (const { instanceId } of await listCurrentImages(db)) {
    const instance = instances.get(instanceId);
    if (instance !== undefined && instance.file !== null) {
      links.set(join(placeOf(paths, instance.group).current, `${instance.name}.sif`), instance.file);
    }
  }
  return links;
}

/** Undefined: nothing is there; null: something that is no link. */
async function targetOf(link: string): Promise<string | null | undefined> {
  try {
    return await readlink(link);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isSystemError(error, 'EINVAL')) return null;
    throw error;
  }
}

/** The published catalogues, that of everybody and those of groups, against the database. */
export async function compareCatalogues(site: BuildSite): Promise<Difference[]> {
  const groups = [null, ...(await privateGroups(site.paths))];
  if ((await behindCatalogues(site, groups)).length === 0) return [];
  await delay(settleTime);
  const repair = (): Promise<void> => writeCatalogue(site.store, site.paths);
  const detail = 'does not show what the database says';
  return (await behindCatalogues(site, groups)).map((subject) => {
    return { kind: 'catalogue', subject, detail, fix: null, repair };
  });
}

/** The files that do not say what the database does. */
async function behindCatalogues(site: BuildSite, groups: (string | null)[]): Promise<string[]> {
  return site.store.transaction().execute(async (db) => {
    const expected = await collectCatalogue(db);
    const behind: string[] = [];
    for (const group of groups) {
      const { catalogue } = placeOf(site.paths, group);
      if (!(await agrees(catalogue, visibleTo(expected, group)))) behind.push(catalogue);
    }
    return behind;
  });
}

async function agrees(path: string, expected: Catalogue): Promise<boolean> {
  const withoutTime = (value: object): string => JSON.stringify({ ...value, generated: 0 });
  try {
    const found = JSON.parse(await readFile(path, 'utf8')) as object;
    // As it would be written: readers get the images in an order of their own.
    return withoutTime(found) === withoutTime(JSON.parse(formatCatalogue(expected)) as object);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || (error as Error).name === 'SyntaxError') return false;
    throw error;
  }
}
