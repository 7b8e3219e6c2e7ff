import { readFileSync } from 'node:fs';

import { templatePath } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import { readBaseConfigs } from './base-config.ts';
import { selectContext } from './build-context.ts';
import { findObstacles } from './find-obstacles.ts';
import { makePlan } from './parse-dockerfile.ts';
import { type PlanDocument, planDocument } from './plan-document.ts';
import { readText } from './read-text.ts';
import { throwRefusals } from './refusal.ts';
import { renderDefinition } from './render-definition.ts';
import { resolveDockerfile } from './resolve-dockerfile.ts';

export interface ConvertRequest {
  dockerfile: string;
  context: string | undefined;
  buildArgs: Record<string, string>;
  target: string | undefined;
  platform: string | undefined;
  /** Path of a file with the configuration of the base image. */
  baseConfig: string | undefined;
  /** Warnings are refusals. */
  strict: boolean;
}

/**
 * Converts a Dockerfile without any store: to the plan alone, which has no obstacles but Docker's own, or to a definition file too.
 * Throws CtmgrError `badDefinition` for what cannot be converted, `inputMissing` for files that are not there.
 */
export async function convertFile(
  request: ConvertRequest,
  wanted: 'plan' | 'definition',
  config: Config,
): Promise<{ document: PlanDocument; definition: string | undefined }> {
  const text = await readText(request.dockerfile, 'Dockerfile', `ctmgr convert ${request.dockerfile}/Dockerfile`);
  const { buildArgs, target, platform, baseConfig } = request;
  const baseConfigs =
    baseConfig === undefined
      ? undefined
      : readBaseConfigs(await readText(baseConfig, 'image configuration'), baseConfig);
  const resolved = resolveDockerfile(text, { buildArgs, target, platform, baseConfigs });
  if (wanted === 'definition') throwRefusals(findObstacles(resolved));
  const document = planDocument(resolved);
  if (request.strict) {
    throwRefusals(
      document.warnings.map(({ line, code, message }) => ({
        code,
        line,
        instruction: '',
        reason: `${message} [${code}]`,
      })),
    );
  }
  if (wanted === 'plan') return { document, definition: undefined };
  const plan = makePlan(resolved);
  const definition = renderDefinition({
    plan,
    manifest: await selectContext(plan, request.context),
    overlays: [],
    labels: [],
    template: readFileSync(templatePath('recipe-templates', 'definition.def.mustache', config), 'utf8'),
  });
  return { document, definition };
}
