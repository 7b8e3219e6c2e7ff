import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { type BaseImage, findBaseImageByLocation, findBaseImageByName, insertBaseImage } from '../store/base-images.ts';
import { insertEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';
import { insertContent, loadBaseConfigs, loadRows } from '../store/recipe-rows.ts';
import {
  findRecipe,
  insertRecipe,
  latestContent,
  type NewRecipe,
  type Recipe,
  type RecipeContent,
  setRetired,
  updateRecipe,
} from '../store/recipes.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import { guessBaseFacts } from './base-facts.ts';
import { packContext } from './context-archive.ts';
import type { ContextManifest } from './context-manifest.ts';
import { rootReference } from './build-stages.ts';
import { ownImageName } from './image-reference.ts';
import type { AskOwn } from './learn-bases.ts';
import { sameKnowledge } from './known-base.ts';
import { checkDependants, checkOwnBases, ownImageConfig } from './own-images.ts';
import { planFromRows, planToRows } from './plan-rows.ts';
import { type EarlierVersion, type Material, type MaterialRequest, readMaterial } from './read-material.ts';
import type { PlanWarning } from './recipe-plan.ts';

export interface ImportRequest extends MaterialRequest {
  name: string;
  baseName: string | undefined;
  class: string | undefined;
  message: string | undefined;
  /** Who alone may read its images; null: everybody; undefined: as before. */
  group?: string | null | undefined;
}

export interface ImportOutcome {
  name: string;
  version: number;
  /** False: Dockerfile, build arguments, context, target and platform are those of the newest version, so nothing was stored. */
  isNew: boolean;
  /** Who alone may read its images from now on; null: everybody. */
  group: string | null;
  /** It had been retired, and its name is offered again. */
  revived: boolean;
  base: string;
  warnings: PlanWarning[];
  /** What registries did not tell, in sentences. */
  notes: string[];
}

/**
 * Stores a Dockerfile with its build context as a new version of a recipe, unless the newest version has the same. A base image that has
 * got another configuration makes a new version only if that changes the recipe. Everything is read and converted first; a refusal (see
 * `readMaterial`) leaves nothing behind. `approve` may look at what would be stored, and refuse it by throwing.
 */
export async function importRecipe(
  store: Store,
  contextsFolder: string,
  request: ImportRequest,
  by: string,
  approve: (material: Material) => Promise<void> = async () => {},
): Promise<ImportOutcome> {
  checkName(request.name, 'recipe');
  if (request.baseName !== undefined) checkName(request.baseName, 'base image');
  const material = await readRequest(store, request);
  await keepContext(material.manifest, request.context, contextsFolder);
  await approve(material);
  return store.transaction().execute((db) => storeVersion(db, request, material, by));
}

/** Reads and converts what a request names, with what is known of its newest version. */
export async function readRequest(store: Store, request: ImportRequest): Promise<Material> {
  const askOwn: AskOwn = (name, line) => ownImageConfig(store, name, line);
  return readMaterial(request, await earlierVersion(store, request.name), askOwn);
}

async function earlierVersion(db: Store, name: string): Promise<EarlierVersion | undefined> {
  const recipe = await findRecipe(db, name);
  const newest = recipe === undefined ? undefined : await latestContent(db, recipe.id);
  if (newest === undefined) return undefined;
  return { version: newest.version, platform: newest.platform, bases: await loadBaseConfigs(db, newest.id) };
}

/** Adds a version, unless the newest one is made of the same; call it inside a transaction. */
export async function storeVersion(
  db: Store,
  request: ImportRequest,
  material: Material,
  by: string,
): Promise<ImportOutcome> {
  const { plan, manifest, text, platform, bases, notes, kind, origin } = material;
  const now = epochSeconds();
  const recipe = await findRecipe(db, request.name);
  const newest = recipe === undefined ? undefined : await latestContent(db, recipe.id);
  const dockerfileHash = createHash('sha256').update(text).digest('hex');
  const buildArguments = JSON.stringify(sorted(request.buildArgs));
  const contextDigest = manifest.entries.length === 0 ? null : manifest.digest;
  const group = request.group === undefined ? (recipe?.group ?? null) : request.group;
  await checkOwnBases(db, request.name, plan, group);
  if (recipe !== undefined && group !== recipe.group) await checkDependants(db, request.name, group);
  const revived = recipe !== undefined && recipe.retired_at !== null;
  const outcome = { name: request.name, base: rootReference(plan), group, revived, warnings: plan.warnings, notes };
  const target = request.target ?? null;
  const base = await baseImage(db, rootReference(plan), request.baseName, now);
  const fields = {
    baseImageId: base.id,
    dockerfileLocation: origin,
    contextLocation: request.context === undefined ? null : resolve(request.context),
    class: request.class ?? null,
    group: recipe?.group === request.group ? undefined : request.group,
  };
  if (recipe !== undefined) await bringUpToDate(db, recipe, fields, by, now);
  if (
    newest !== undefined &&
    newest.kind === kind &&
    newest.dockerfile_hash === dockerfileHash &&
    newest.build_arguments === buildArguments &&
    newest.context_digest === contextDigest &&
    newest.target === target &&
    newest.platform === platform &&
    (await sameResult(db, newest, material))
  ) {
    return { ...outcome, version: newest.version, isNew: false };
  }
  const recipeId = recipe?.id ?? (await insertRecipe(db, { name: request.name, ...fields }, by, now)).id;
  const version = (newest?.version ?? 0) + 1;
  await insertContent(
    db,
    {
      recipeId,
      version,
      baseImageId: base.id,
      dockerfile: text,
      dockerfileHash,
      buildArguments,
      contextDigest,
      contextManifest: JSON.stringify(manifest),
      ...planToRows(plan),
      message: request.message ?? null,
      origin,
      kind,
      target,
      platform,
      strict: request.strict ?? false,
      pullConfig: request.registries !== undefined,
      // What our own images set is in the store already.
      bases: bases.filter(({ reference }) => ownImageName(reference) === undefined),
    },
    by,
    now,
  );
  await insertEvent(db, { actor: by, kind: 'recipe.import', subject: request.name, detail: { version } }, now);
  return { ...outcome, version, isNew: true };
}

/** What an import changes in a recipe that is there already, whether its text is new or not. */
async function bringUpToDate(
  db: Store,
  recipe: Recipe,
  fields: Omit<NewRecipe, 'name'>,
  by: string,
  now: number,
): Promise<void> {
  await updateRecipe(db, recipe.id, fields);
  if (fields.group !== undefined) {
    const detail = { from: recipe.group, to: fields.group };
    await insertEvent(db, { actor: by, kind: 'recipe.group', subject: recipe.name, detail }, now);
  }
  if (recipe.retired_at === null) return;
  await setRetired(db, recipe.id, null);
  await insertEvent(db, { actor: by, kind: 'recipe.revive', subject: recipe.name }, now);
}

/** True if what is known of the base images now makes of the same Dockerfile what the version has. */
async function sameResult(db: Store, version: RecipeContent, { plan, bases }: Material): Promise<boolean> {
  // What our own images set is not stored with the version, so that it shows in the plan only.
  if (sameKnowledge(bases, await loadBaseConfigs(db, version.id))) return true;
  const stored = planFromRows({ rows: await loadRows(db, version.id), imageConfig: version.image_config });
  return JSON.stringify(stored) === JSON.stringify(planFromRows(planToRows(plan)));
}

/** The base image of that reference; a new one is named after its last component, or as the caller wants. */
async function baseImage(db: Store, reference: string, wanted: string | undefined, now: number): Promise<BaseImage> {
  const known = await findBaseImageByLocation(db, reference);
  if (known !== undefined) {
    if (wanted === undefined || wanted === known.name) return known;
    throw new CtmgrError('usage', `the base image ${reference} is called ${known.name} already`, {
      hint: `leave --base-name out, or give --base-name ${known.name}`,
    });
  }
  if (wanted !== undefined && (await findBaseImageByName(db, wanted)) !== undefined) {
    throw new CtmgrError('usage', `another base image is called ${wanted}`, { hint: 'ctmgr base list' });
  }
  const name = wanted ?? (await freeName(db, reference));
  return insertBaseImage(db, { name, location: reference, ...guessBaseFacts(reference) }, now);
}

async function freeName(db: Store, reference: string): Promise<string> {
  const last = reference.replace(/@.*$/, '').split('/').at(-1) ?? '';
  const stem =
    last
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
      .slice(0, 50) || 'base';
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? stem : `${stem}-${n}`;
    if ((await findBaseImageByName(db, name)) === undefined) return name;
  }
}

/** Stores the selected files under their digest; the same content is kept once, whoever imported it. */
export async function keepContext(
  manifest: ContextManifest,
  context: string | undefined,
  contextsFolder: string,
): Promise<void> {
  if (manifest.entries.length === 0 || context === undefined) return;
  const target = contextArchive(contextsFolder, manifest.digest);
  if (existsSync(target)) return;
  const temporary = join(dirname(target), `.${randomBytes(6).toString('hex')}.tar`);
  try {
    await mkdir(dirname(target), { recursive: true });
    await packContext(manifest, context, temporary);
    await rename(temporary, target);
  } catch (error) {
    if (!isSystemError(error, 'EACCES', 'EPERM', 'ENOSPC', 'EROFS')) throw error;
    throw new CtmgrError('cannotCreate', 'cannot store the build context', { why: errorText(error), cause: error });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Where the build context of that digest is kept. */
export function contextArchive(contextsFolder: string, digest: string): string {
  return join(contextsFolder, `${digest.replace('sha256:', '')}.tar`);
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
