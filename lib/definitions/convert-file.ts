import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pathsOf, templatePath } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import type { RegistrySettings } from '../registry/http-request.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { namedSource } from './base-source.ts';
import { selectContext, warnEmptyPatterns } from './build-context.ts';
import { packContext, stageContext } from './context-archive.ts';
import type { ContextManifest } from './context-manifest.ts';
import { layOutContext } from './copy-layout.ts';
import { type KnownBase, knownConfigs, readConfigFile } from './known-base.ts';
import { learnBases, registrySettings } from './learn-bases.ts';
import { findObstacles } from './find-obstacles.ts';
import { makePlan } from './make-plan.ts';
import { documentWarnings, type PlanDocument, planDocument } from './plan-document.ts';
import type { PlanWarning, RecipePlan } from './recipe-plan.ts';
import { readText } from './read-text.ts';
import { refuseDefinitionFile } from './refuse-definition-file.ts';
import { throwRefusals, throwWarnings } from './refusal.ts';
import { renderDefinition } from './render-definition.ts';
import { type ParseOptions, resolveDockerfile } from './resolve-dockerfile.ts';

export interface ConvertRequest {
  dockerfile: string;
  context: string | undefined;
  buildArgs: Record<string, string>;
  target: string | undefined;
  platform: string | undefined;
  /** Path of a file with the configuration of the base image. */
  baseConfig: string | undefined;
  /** Ask registries for the configuration of the base images that `baseConfig` does not have. */
  pullConfig: boolean;
  /** Warnings are refusals. */
  strict: boolean;
  /** A folder that gets `recipe.def` and all that it reads; it must not be there yet. */
  output: string | undefined;
}

/**
 * Converts a Dockerfile without any store: to the plan alone, which has no obstacles but Docker's own, or to a definition file too.
 * Throws CtmgrError `badDefinition` for what cannot be converted, `inputMissing` for files and base images that are not there,
 * `unavailable` and `notAllowed` where a registry that has to be asked does not tell. `cancel` ends the waiting for one.
 */
export async function convertFile(
  request: ConvertRequest,
  wanted: 'plan' | 'definition',
  config: Config,
  cancel: AbortSignal,
): Promise<{ document: PlanDocument } | { definition: string; warnings: PlanWarning[] }> {
  const text = await readText(request.dockerfile, 'Dockerfile', `ctmgr convert ${request.dockerfile}/Dockerfile`);
  refuseDefinitionFile(text, request.dockerfile);
  const { buildArgs, target, platform, baseConfig } = request;
  const options = { buildArgs, target, platform };
  const known = await knownBases(
    text,
    options,
    baseConfig,
    request.pullConfig ? registrySettings(config, cancel) : undefined,
  );
  const resolved = resolveDockerfile(text, { ...options, baseConfigs: knownConfigs(known) });
  if (wanted === 'definition') throwRefusals(findObstacles(resolved));
  let warnings = documentWarnings(resolved);
  if (request.strict) throwWarnings(warnings);
  if (wanted === 'plan') return { document: planDocument(resolved) };
  const plan = makePlan(resolved);
  const manifest = await selectContext(plan, request.context, request.dockerfile);
  warnings = [...warnings, ...warnEmptyPatterns(plan, manifest)].toSorted((a, b) => a.line - b.line);
  if (request.strict) throwWarnings(warnings);
  const definition = renderDefinition({
    plan,
    manifest,
    overlays: [],
    labels: [],
    alone: true,
    findBase: namedSource(() => pathsOf(config).current),
    template: readFileSync(templatePath('recipe-templates', 'definition.def.mustache', config), 'utf8'),
  });
  if (request.output !== undefined) await writeFolder(request.output, plan, manifest, request.context, definition);
  else if (layOutContext(plan, manifest).some(({ kind }) => kind === 'archive')) {
    const message = 'the definition reads archives from .ctmgr/, which only --output DIR writes';
    warnings.unshift({ line: 0, code: 'needs-output', message });
  }
  return { definition, warnings };
}

async function knownBases(
  text: string,
  options: ParseOptions,
  file: string | undefined,
  settings: RegistrySettings | undefined,
): Promise<KnownBase[]> {
  const given = file === undefined ? [] : readConfigFile(await readText(file, 'image configuration'), file);
  const { known, unknown } = await learnBases(text, options, given, [], settings, async (name, line) => {
    throw new CtmgrError('inputMissing', `Dockerfile line ${line}: what ctmgr:${name} sets is not known here`, {
      why: 'it is an image of the site, and convert reads no database',
      hint: 'ctmgr import, then ctmgr render; or --base-config FILE',
    });
  });
  if (unknown[0]) throw unknown[0].error;
  return known;
}

async function writeFolder(
  folder: string,
  plan: RecipePlan,
  manifest: ContextManifest,
  context: string | undefined,
  definition: string,
): Promise<void> {
  try {
    await mkdir(folder);
    const archive = join(folder, '.context.tar');
    if (context !== undefined && manifest.entries.length > 0) await packContext(manifest, context, archive);
    await stageContext(plan, manifest, archive, folder);
    await rm(archive, { force: true });
    await writeFile(join(folder, 'recipe.def'), definition);
  } catch (error) {
    if (!isSystemError(error, 'EEXIST', 'ENOENT', 'EACCES', 'EPERM', 'ENOSPC', 'EROFS', 'ENOTDIR')) throw error;
    throw new CtmgrError('cannotCreate', `cannot write ${folder}`, {
      why: errorText(error),
      hint: 'name a folder that is not there yet',
      cause: error,
    });
  }
}
