import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { contextArchive } from '../../definitions/import-recipe.ts';
import { listBuildTags } from '../../store/build-tags.ts';
import { contextDigests } from '../../store/recipes.ts';
import { keptVerifications } from '../../store/verifications.ts';
import type { BuildSite } from '../build-site.ts';
import { privateGroups } from '../show-names.ts';
import { placeOf } from '../tag-folders.ts';
import { foreign, list } from './compare-images.ts';
import type { Difference } from './difference.ts';

/** Folders of tags that the database does not know, and build contexts that are gone or that no version needs. */
export async function compareFolders(site: BuildSite): Promise<Difference[]> {
  const { tasks, results, contexts } = site.paths;
  const places = [null, ...(await privateGroups(site.paths))].map((group) => placeOf(site.paths, group));
  const listed = [];
  for (const parent of [...places.flatMap(({ builds, logs }) => [builds, logs]), tasks, results]) {
    for (const { name } of await list(parent)) listed.push({ parent, name });
  }
  const archives = (await list(contexts)).map(({ name }) => join(contexts, name));
  const verifications = await keptVerifications(site.store);
  const known = new Set([...(await listBuildTags(site.store)), ...verifications].map(({ name }) => name));
  const needed = await contextDigests(site.store);
  const differences = listed
    .filter(({ name }) => !known.has(name))
    .map(({ parent, name }) => orphan(join(parent, name)));
  const expected = new Map(needed.map(({ digest, ...version }) => [contextArchive(contexts, digest), version]));
  for (const [path, { name, version }] of expected) {
    if (existsSync(path)) continue;
    const detail = `the build context ${path} is gone: this version cannot be built`;
    const fix = `take it from a backup, or: ctmgr import, with the same files`;
    differences.push({ kind: 'context-missing', subject: `${name}, version ${version}`, detail, fix });
  }
  const verified = new Set(verifications.map(({ digest }) => contextArchive(contexts, digest)));
  for (const path of archives)
    if (!expected.has(path) && !verified.has(path))
      differences.push(foreign(path, 'no version has this context; of an import that is just running?'));
  return differences;
}

function orphan(path: string): Difference {
  return { ...foreign(path, 'the database knows no such build tag'), kind: 'orphan-folder' };
}
