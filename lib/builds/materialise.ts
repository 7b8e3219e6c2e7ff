import { constants } from 'node:fs';
import { mkdir, open, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { contextArchive } from '../definitions/import-recipe.ts';
import { stageContext } from '../definitions/context-archive.ts';
import type { ContextManifest } from '../definitions/context-manifest.ts';
import { requirePlatform } from '../definitions/platform.ts';
import { planFromRows } from '../definitions/plan-rows.ts';
import type { BuildArray } from '../store/build-arrays.ts';
import { definitionOf, type Instance, instancesOfArray } from '../store/instances.ts';
import { loadRows } from '../store/recipe-rows.ts';
import { findContent } from '../store/recipes.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { run } from '../util/run.ts';
import type { BuildSite } from './build-site.ts';
import { arrayFolder, claimLink, imageFile, logFiles, resultFile, taskFolder } from './tag-folders.ts';
import { taskEnvironment } from './task-files.ts';

interface Owner {
  uid: number;
  gid: number;
}

/** Most folders that one chown gets: well below what Linux takes as arguments. */
const foldersPerCall = 500;

/**
 * Lays out on the share what the elements of an array need, from the store alone: folders for images, logs and
 * results (Slurm fails a job at once whose log folder is missing, exit code 0:53) and one folder a task. Whatever an
 * earlier submission left behind is replaced, so call it only while no job of the array can exist. The task of a further
 * attempt stays as it is but for the claim, because it tells an image that the attempt before has published.
 */
export async function materialise(site: BuildSite, array: BuildArray): Promise<void> {
  const { paths } = site;
  const instances = (await instancesOfArray(site.store, array.id)).filter(({ status }) => status === 'pending');
  try {
    const tagFolders = [paths.builds, paths.logs, paths.results].map((folder) => join(folder, array.tag));
    for (const folder of tagFolders) await makeFolder(site, folder, site.builder, 0o755);
    // Root fills these, so nobody else may change them meanwhile; the finished tasks in them are the service account's.
    const ours = site.asRoot ? { uid: 0, gid: site.builder.gid } : site.builder;
    await makeFolder(site, join(paths.tasks, array.tag), ours, 0o750);
    const view = arrayFolder(paths, array);
    await rm(view, { recursive: true, force: true });
    await makeFolder(site, view, ours, 0o750);
    const written: string[] = [];
    for (const instance of instances) {
      const folder = taskFolder(paths, instance);
      if (instance.attempt > 1 && (await exists(folder))) await rm(claimLink(paths, instance), { force: true });
      else {
        await writeTask(site, instance, `${folder}.new`);
        written.push(folder);
      }
      await symlink(relative(view, folder), join(view, String(instance.array_index)));
    }
    await giveToBuilder(
      site,
      written.map((folder) => `${folder}.new`),
    );
    for (const folder of written) {
      await rm(folder, { recursive: true, force: true });
      await rename(`${folder}.new`, folder);
    }
  } catch (error) {
    if (
      !isSystemError(
        error,
        'ENOSPC',
        'EDQUOT',
        'EROFS',
        'EACCES',
        'EPERM',
        'ENOENT',
        'EIO',
        'ESTALE',
        'ENOTDIR',
        'ELOOP',
        'EEXIST',
      )
    )
      throw error;
    throw new CtmgrError('cannotCreate', `cannot prepare the builds of ${array.tag} on ${paths.share}`, {
      why: errorText(error),
      hint: 'make the share writable, then: ctmgr poll',
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

async function writeTask(site: BuildSite, instance: Instance, folder: string): Promise<void> {
  const { store, paths } = site;
  const content = await findContent(store, instance.recipe_content_id);
  const plan = planFromRows({ rows: await loadRows(store, content.id), imageConfig: content.image_config });
  const manifest = JSON.parse(content.context_manifest) as ContextManifest;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o750 });
  await stageContext(plan, manifest, contextArchive(paths.contexts, manifest.digest), join(folder, 'context'));
  const definition = await definitionOf(store, instance.id);
  await writeFile(join(folder, 'recipe.def'), definition);
  const environment = taskEnvironment({
    name: instance.name,
    target: imageFile(paths, instance),
    result: resultFile(paths, instance),
    ...imageProcessor(content.platform),
    test: /^%test\b/m.test(definition),
  });
  await writeFile(join(folder, 'task.env'), environment);
  const logs = logFiles(paths, instance);
  await symlink(logs.out, join(folder, 'stdout'));
  await symlink(logs.err, join(folder, 'stderr'));
}

/** What a version's platform says about the processor. */
function imageProcessor(platform: string | null): { architecture: string; variant: string } {
  return platform === null ? { architecture: '', variant: '' } : requirePlatform(platform);
}

/**
 * A folder of the owner. Where root makes it, in a folder of the service account's, a link that was put there before
 * must not lead root's chown elsewhere: it is opened without following links, and the handle gets the owner.
 */
async function makeFolder(site: BuildSite, folder: string, owner: Owner, mode: number): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
  }
  if (!site.asRoot) return;
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await handle.chown(owner.uid, owner.gid);
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}

/** chown(1) knows how to walk a tree without following links (`-hR`), which Node's own calls would leave to us. */
async function giveToBuilder(site: BuildSite, folders: string[]): Promise<void> {
  if (!site.asRoot) return;
  const { uid, gid, name } = site.builder;
  for (let first = 0; first < folders.length; first += foldersPerCall) {
    const some = folders.slice(first, first + foldersPerCall);
    const result = await run('chown', ['-hR', '--', `${uid}:${gid}`, ...some]);
    if (result.exitCode === 0) continue;
    const why = result.stderr.trim();
    throw new CtmgrError('cannotCreate', `cannot give ${dirname(some[0] ?? '')}/* to ${name}`, { why });
  }
}
