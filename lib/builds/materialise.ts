import { mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { ownVersion } from '../config/own-version.ts';
import { contextArchive } from '../definitions/import-recipe.ts';
import { stageContext } from '../definitions/context-archive.ts';
import type { ContextManifest } from '../definitions/context-manifest.ts';
import { requirePlatform } from '../definitions/platform.ts';
import { planFromRows } from '../definitions/plan-rows.ts';
import { isImageFile, stageReadyImage } from '../definitions/ready-image.ts';
import type { RenderedRecipe } from '../definitions/render-recipe.ts';
import type { BuildArray } from '../store/build-arrays.ts';
import { definitionOf, type Instance, instancesOfArray } from '../store/instances.ts';
import { overlaysOfInstances } from '../store/overlays.ts';
import { loadRows } from '../store/recipe-rows.ts';
import { findContent } from '../store/recipes.ts';
import { CtmgrError, isSystemError } from '../util/errors.ts';
import { inParallel } from '../util/in-parallel.ts';
import { run } from '../util/run.ts';
import type { BuildSite } from './build-site.ts';
import { checkShare } from './check-share.ts';
import { endWithoutJob } from './end-without-job.ts';
import { linkBases } from './link-bases.ts';
import { makeFolder, makeTagFolders } from './make-folders.ts';
import { addProvenance, describeProvenance } from './provenance.ts';
import { explainShareError } from './share-error.ts';
import { arrayFolder, claimLink, imageFile, logFiles, packagesFile, resultFile, taskFolder } from './tag-folders.ts';
import { taskEnvironment } from './task-files.ts';

/** Recipe versions that the caller has just rendered for these instances, by id: they need not be read again. */
export type KnownRecipes = ReadonlyMap<number, RenderedRecipe>;

/** Most folders that one chown gets: well below what Linux takes as arguments. */
const foldersPerCall = 500;

/** How many tasks are written at once: on a shared file system every step is a wait for the server. */
const foldersAtOnce = 16;

/**
 * Lays out on the share what the elements of an array need, from the store alone: folders for images, logs and
 * results (Slurm fails a job at once whose log folder is missing, exit code 0:53) and one folder a task. Whatever an
 * earlier submission left behind is replaced, so call it only while no job of the array can exist. The task of a further
 * attempt stays as it is but for the claim, because it tells an image that the attempt before has published. An image whose stored
 * files are gone or damaged ends here as a failure, without a job.
 */
export async function materialise(
  site: BuildSite,
  array: BuildArray,
  recipes: KnownRecipes = new Map(),
): Promise<void> {
  const { paths } = site;
  await checkShare(paths);
  const instances = (await instancesOfArray(site.store, array.id)).filter(({ status }) => status === 'pending');
  const overlays = await overlaysOfInstances(site.store, array.id);
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
    const written: string[] = [];
    await inParallel(instances, foldersAtOnce, async (instance) => {
      const folder = taskFolder(paths, instance);
      if (instance.attempt > 1 && (await exists(folder))) await rm(claimLink(paths, instance), { force: true });
      else {
        const known = recipes.get(instance.recipe_content_id);
        try {
          await writeTask(site, instance, overlays.get(instance.id) ?? [], known, `${folder}.new`);
        } catch (error) {
          if (!(error instanceof CtmgrError) || error.code !== 'inputMissing') throw error;
          await endForLackOfFiles(site, instance, error, `${folder}.new`);
          return;
        }
        written.push(folder);
      }
      await symlink(relative(view, folder), join(view, String(instance.array_index)));
    });
    await giveToBuilder(
      site,
      written.map((folder) => `${folder}.new`),
    );
    await inParallel(written, foldersAtOnce, replaceFolder);
  } catch (error) {
    throw explainShareError(error, {
      code: 'cannotCreate',
      message: `cannot prepare the builds of ${array.tag} on ${paths.share}`,
      hint: 'make the share writable, then: ctmgr poll',
    });
  }
}

/** One version whose stored files are gone must not keep the other images of the array waiting for ever. */
async function endForLackOfFiles(
  site: BuildSite,
  instance: Instance,
  error: CtmgrError,
  folder: string,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const message = `${error.message}: ${error.why ?? ''}; import ${instance.name} again with the same files, or restore a backup`;
  await site.store.transaction().execute((db) => endWithoutJob(db, site, instance, { message }));
}

async function replaceFolder(folder: string): Promise<void> {
  try {
    await rename(`${folder}.new`, folder);
  } catch (error) {
    if (!isSystemError(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await rm(folder, { recursive: true, force: true });
    await rename(`${folder}.new`, folder);
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

async function writeTask(
  site: BuildSite,
  instance: Instance,
  overlays: string[],
  known: RenderedRecipe | undefined,
  folder: string,
): Promise<void> {
  const { store, paths } = site;
  const content = known?.source.content ?? (await findContent(store, instance.recipe_content_id));
  const plan =
    known?.plan ?? planFromRows({ rows: await loadRows(store, content.id), imageConfig: content.image_config });
  const manifest = JSON.parse(content.context_manifest) as ContextManifest;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o750 });
  const archive = contextArchive(paths.contexts, manifest.digest);
  const context = join(folder, 'context');
  const isReady = content.kind === 'image';
  if (isReady) await stageReadyImage(manifest, archive, context);
  else await stageContext(plan, manifest, archive, context);
  const own = await linkBases(store, instance.id, folder);
  const definition = known?.definition ?? (await definitionOf(store, instance.id));
  const provenance = describeProvenance(instance, content, { definition, plan, overlays, own, ctmgr: ownVersion() });
  await writeFile(join(folder, 'provenance.json'), `${JSON.stringify(provenance, null, 2)}\n`, { mode: 0o644 });
  // The build's working directory is the context beside it.
  await writeFile(join(folder, 'recipe.def'), addProvenance(definition, provenance, '../provenance.json'));
  const environment = taskEnvironment({
    name: instance.name,
    target: imageFile(paths, instance),
    result: resultFile(paths, instance),
    packages: packagesFile(paths, instance),
    source: isReady && isImageFile(content.origin) ? 'file' : 'definition',
    publish: true,
    ...imageProcessor(content.platform),
    test: /^%test\b/m.test(definition),
  });
  await writeFile(join(folder, 'task.env'), environment);
  const logs = logFiles(paths, instance);
  await symlink(logs.out, join(folder, 'stdout'));
  await symlink(logs.err, join(folder, 'stderr'));
}

/** What a version's platform says about the processor. */
export function imageProcessor(platform: string | null): { architecture: string; variant: string } {
  return platform === null ? { architecture: '', variant: '' } : requirePlatform(platform);
}

/** chown(1) knows how to walk a tree without following links (`-hR`), which Node's own calls would leave to us. */
export async function giveToBuilder(site: BuildSite, folders: string[]): Promise<void> {
  if (!site.asRoot) return;
  const { uid, gid, name } = site.builder;
  for (let first = 0; first < folders.length; first += foldersPerCall) {
    const some = folders.slice(first, first + foldersPerCall);
    const result = await run('chown', ['-hR', '--', `${uid}:${gid}`, ...some]);
    if (result.exitCode === 0) continue;
    const why = result.stderr.trim();
    throw new CtmgrError('cannotCreate', `cannot give ${dirname(some[0] ?? '')}/* to ${name}`, {
      why,
      hint: 'root may change owners there only with no_root_squash: ctmgr doctor',
    });
  }
}
