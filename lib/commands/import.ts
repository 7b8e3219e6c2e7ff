import { resourceClass } from '../config/resource-class.ts';
import { recordVerification, renderTrial } from '../builds/record-verification.ts';
import { importRecipe, type ImportRequest } from '../definitions/import-recipe.ts';
import { registrySettings } from '../definitions/learn-bases.ts';
import type { Material } from '../definitions/read-material.ts';
import { parseReadyImage } from '../definitions/ready-image.ts';
import { readBuildArgs } from './build-args.ts';
import { importImage } from './import-image.ts';
import { refreshCatalogue } from './refresh-catalogue.ts';
import type { Store } from '../store/open.ts';
import { findVerification } from '../store/verifications.ts';
import { CtmgrError } from '../util/errors.ts';
import type { Answer, Context } from './context.ts';
import { runVerification } from './run-verification.ts';
import { reportVerification } from './verification-report.ts';

interface Arguments {
  dockerfile: string;
  name: string;
  context?: string;
  'build-arg': string[];
  'base-name'?: string;
  class?: string;
  message?: string;
  target?: string;
  platform?: string;
  'base-config'?: string;
  'pull-config': boolean;
  strict: boolean;
  wait: boolean;
  verify: boolean;
}

/** `ctmgr import`: a Dockerfile, or a ready image, becomes a new version of a recipe. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  if (argv.class !== undefined) resourceClass(context.config, argv.class);
  const ready = parseReadyImage(argv.dockerfile);
  if (ready !== undefined) return importImage(ready, argv, context);
  const store = await context.store();
  const request = {
    dockerfile: argv.dockerfile,
    name: argv.name,
    context: argv.context,
    buildArgs: readBuildArgs(argv['build-arg']),
    baseName: argv['base-name'],
    class: argv.class,
    message: argv.message,
    target: argv.target,
    platform: argv.platform,
    baseConfig: argv['base-config'],
    strict: argv.strict,
    registries: argv['pull-config'] ? registrySettings(context.config, context.interrupted) : undefined,
  };
  const verify = async (material: Material): Promise<void> => {
    if (argv.verify) await refuseBroken(store, context, request, material);
  };
  const outcome = await importRecipe(store, context.paths.contexts, request, context.caller.name, verify);
  for (const note of outcome.notes) context.terminal.say(`ctmgr: ${note}`);
  for (const { line, message } of outcome.warnings) context.terminal.say(`ctmgr: line ${line}: ${message}`);
  await refreshCatalogue(context);
  const { name, version, isNew, base } = outcome;
  const text = isNew
    ? `Stored version ${version} of ${name} (from ${base}).\nNext: ctmgr rebuild ${name}\n`
    : `Nothing new: ${name} version ${version} has the same Dockerfile, options and context.\n`;
  return { kind: 'record', record: { ...outcome }, text };
}

/** Refuses (1) what does not build; until that is known nothing is stored. */
async function refuseBroken(store: Store, context: Context, request: ImportRequest, material: Material): Promise<void> {
  const { config, caller, paths, terminal } = context;
  const rendered = await renderTrial(store, request, material, config, caller.name);
  const row = await recordVerification(store, rendered, config, caller.name);
  const { text } = await reportVerification(paths, await runVerification(store, context, row, true));
  terminal.say(text.trimEnd());
  const { status } = (await findVerification(store, row.name)) ?? row;
  if (status === 'success') return;
  if (context.interrupted.aborted) {
    throw new CtmgrError('interrupted', `interrupted: nothing was stored; ${row.name} goes on`);
  }
  throw new CtmgrError('failed', `nothing was stored: ${request.name} does not build`, {
    hint: 'mend the Dockerfile; the same again without --verify stores it nevertheless',
  });
}
