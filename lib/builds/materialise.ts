import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { contextArchive } from '../definitions/import-recipe.ts';
import { stageContext } from '../definitions/context-archive.ts';
import type { ContextManifest } from '../definitions/context-manifest.ts';
import { planFromRows } from '../definitions/plan-rows.ts';
import type { BuildArray } from '../store/build-arrays.ts';
import { type Instance, instancesOfArray } from '../store/instances.ts';
import { loadRows } from '../store/recipe-rows.ts';
import { findContent } from '../store/recipes.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { run } from '../util/run.ts';
import type { BuildSite } from './build-site.ts';
import { checkShare } from './check-share.ts';
import { makeFolder, makeTagFolders } from './make-folders.ts';
import { arrayFolder, imageFile, logFiles, resultFile, taskFolder } from './tag-folders.ts';
import { taskEnvironment } from './task-files.ts';

/**
 * Lays out on the share what the elements of an array need, from the store alone: folders for images, logs and
 * results (Slurm fails a job at once whose log folder is missing, exit code 0:53) and one folder a task. Whatever an
 * earlier attempt left behind is replaced, so call it only while no job of the array can exist.
 */
export async function materialise(site: BuildSite, array: BuildArray): Promise<void> {
  const { paths } = site;
  await checkShare(paths);
  const instances = await instancesOfArray(site.store, array.id);
  try {
    for (const group of new Set(instances.map((instance) => instance.group))) {
      await makeTagFolders(site, array.tag, group);
    }
    await makeFolder(site, join(paths.results, array.tag), site.builder, 0o755);
    // Root fills these, so nobody else may change them meanwhile; the finished tasks in them are the service account's.
    const ours = site.asRoot ? { uid: 0, gid: site.builder.gid } : site.builder;
    await makeFolder(site, join(paths.tasks, array.tag), ours, 0o750);
    const view = arrayFolder(paths, array);
    await rm(view, { recursive: true, force: true });
    await makeFolder(site, view, ours, 0o750);
    for (const instance of instances) {
      const folder = taskFolder(paths, instance);
      await writeTask(site, instance, folder);
      await symlink(relative(view, folder), join(view, String(instance.array_index)));
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

async function writeTask(site: BuildSite, instance: Instance, folder: string): Promise<void> {
  const { store, paths } = site;
  const content = await findContent(store, instance.recipe_content_id);
  const plan = planFromRows({ rows: await loadRows(store, content.id), imageConfig: content.image_config });
  const manifest = JSON.parse(content.context_manifest) as ContextManifest;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o750 });
  await stageContext(plan, manifest, contextArchive(paths.contexts, manifest.digest), join(folder, 'context'));
  await writeFile(join(folder, 'recipe.def'), instance.definition);
  const environment = taskEnvironment({
    name: instance.name,
    target: imageFile(paths, instance),
    result: resultFile(paths, instance),
    test: /^%test\b/m.test(instance.definition),
  });
  await writeFile(join(folder, 'task.env'), environment);
  const logs = logFiles(paths, instance);
  await symlink(logs.out, join(folder, 'stdout'));
  await symlink(logs.err, join(folder, 'stderr'));
  if (site.asRoot) await giveToBuilder(site, folder);
}

/** chown(1) knows how to walk a tree without following links (`-hR`), which Node's own calls would leave to us. */
async function giveToBuilder(site: BuildSite, folder: string): Promise<void> {
  const { uid, gid } = site.builder;
  const result = await run('chown', ['-hR', '--', `${uid}:${gid}`, folder]);
  if (result.exitCode === 0) return;
  throw new CtmgrError('cannotCreate', `cannot give ${folder} to ${site.builder.name}`, { why: result.stderr.trim() });
}
