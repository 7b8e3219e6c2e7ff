import { renderRecipe, type RenderedRecipe } from '../definitions/render-recipe.ts';
import { requireVersion } from '../definitions/render-version.ts';
import { queryController } from '../slurm/controller.ts';
import { arraysOfTag } from '../store/build-arrays.ts';
import { expectedDurations } from '../store/build-durations.ts';
import { apptainersOfClasses } from '../store/node-apptainer.ts';
import { listOverlays } from '../store/overlays.ts';
import { type CurrentRecipe, listCurrentRecipes } from '../store/recipes.ts';
import { resourceClass } from '../config/resource-class.ts';
import { CtmgrError } from '../util/errors.ts';
import type { BuildSite } from './build-site.ts';
import { checkShare } from './check-share.ts';
import { planInputs, type RebuildOptions } from './plan-inputs.ts';
import { type PlannedArray, planRebuild } from './plan-rebuild.ts';
import { type RecordedTag, recordRebuild } from './record-rebuild.ts';
import type { Selection } from './select-changed.ts';
import { submitPlannedArray, type SubmissionReport } from './submit-array.ts';
import { writeCatalogue } from './write-catalogue.ts';

/** What a rebuild would do. */
export interface RebuildPlan {
  arrays: PlannedArray[];
  /** Only if asked for what has changed. */
  selection: Selection | undefined;
  /** What does not keep the rebuild from starting, in sentences. */
  problems: string[];
}

/**
 * Plans a rebuild of the named recipes, or of all, or of what of them has changed; of a name in `versions` that version and not the newest.
 * Changes nothing. Throws if a name is unknown (66), if there is
 * nothing to build (66), or if slurmctld, whose MaxArraySize is needed, does not answer (69).
 */
export async function planRecipes(
  site: BuildSite,
  names: string[],
  options: RebuildOptions = {},
  versions: ReadonlyMap<string, number> = new Map(),
): Promise<RebuildPlan> {
  const all = await listCurrentRecipes(site.store);
  refuseRetired(all, names);
  const unknown = names.filter((name) => !all.some(({ recipe }) => recipe.name === name));
  if (unknown.length > 0) {
    throw new CtmgrError('inputMissing', `there is no recipe ${unknown.join(', ')}`, { hint: 'ctmgr list --all' });
  }
  // Ready images do not change by being copied once more; by name they are.
  const wanted =
    names.length === 0
      ? all.filter(({ recipe, content }) => recipe.retired_at === null && content.kind !== 'image')
      : all.filter(({ recipe }) => names.includes(recipe.name));
  if (wanted.length === 0) {
    throw new CtmgrError('inputMissing', 'there is nothing to build', {
      why: all.length === 0 ? 'no recipe has been imported' : 'ready images are only published again by name',
      hint: 'ctmgr import DOCKERFILE --name NAME',
    });
  }
  for (const { recipe } of wanted) resourceClass(site.config, recipe.class ?? site.config.build.class);
  const controller = await queryController(site.slurm);
  if (!controller.ok) {
    throw new CtmgrError('unavailable', 'Slurm does not answer, so nothing was started', {
      why: controller.message,
      hint: 'scontrol ping; then the same command again',
    });
  }
  const rendered: RenderedRecipe[] = [];
  const overlays = await listOverlays(site.store);
  for (const newest of wanted) {
    const version = versions.get(newest.recipe.name);
    const source = version === undefined ? newest : await requireVersion(site.store, newest.recipe.name, version);
    rendered.push(await renderRecipe(site.store, source, site.config, overlays));
  }
  const { maxArraySize, maxArrayTasks = maxArraySize } = controller.settings;
  const most = Math.min(maxArraySize, maxArrayTasks);
  const { recipes, bases, selection, problems } = await planInputs(site, rendered, options);
  const expected = await expectedDurations(site.store);
  const apptainers = await apptainersOfClasses(site.store);
  const arrays = planRebuild(recipes, site.config.build.class, most, expected, bases, apptainers);
  return { arrays, selection, problems };
}

function refuseRetired(all: CurrentRecipe[], names: string[]): void {
  const retired = all.filter(({ recipe }) => names.includes(recipe.name) && recipe.retired_at !== null);
  if (retired.length === 0) return;
  const [first] = retired.map(({ recipe }) => recipe.name);
  throw new CtmgrError('inputMissing', `retired: ${retired.map(({ recipe }) => recipe.name).join(', ')}`, {
    hint: `bring it back first: ctmgr import DOCKERFILE --name ${first}`,
  });
}

/**
 * Records a plan as a new build tag and submits its arrays; what Slurm did not confirm is left to the poller. With `hold`
 * the tag does not change what names mean until it is released.
 */
export async function startRebuild(
  site: BuildSite,
  arrays: PlannedArray[],
  onTag: (tag: RecordedTag) => void,
  hold = false,
): Promise<{ tag: RecordedTag; reports: SubmissionReport[] }> {
  await checkShare(site.paths);
  const tag = await recordRebuild(site, arrays, { hold });
  onTag(tag);
  // Users see from here on what is going to be built.
  await writeCatalogue(site.store, site.paths);
  const reports: SubmissionReport[] = [];
  const recipes = arrays.flatMap(({ instances }) => instances.map(({ recipe }) => recipe));
  const known = new Map(recipes.map((recipe) => [recipe.source.content.id, recipe]));
  for (const array of await arraysOfTag(site.store, tag.id)) reports.push(await submitPlannedArray(site, array, known));
  await writeCatalogue(site.store, site.paths);
  return { tag, reports };
}
