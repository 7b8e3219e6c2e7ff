import { resourceClass } from '../config/resource-class.ts';
import { importRecipe } from '../definitions/import-recipe.ts';
import { registrySettings } from '../definitions/learn-bases.ts';
import { readBuildArgs } from './build-args.ts';
import { refreshCatalogue } from './refresh-catalogue.ts';
import type { Answer, Context } from './context.ts';

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
}

/** `ctmgr import`: a Dockerfile becomes a new version of a recipe. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  if (argv.class !== undefined) resourceClass(context.config, argv.class);
  const outcome = await importRecipe(
    await context.store(),
    context.paths.contexts,
    {
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
    },
    context.caller.name,
  );
  for (const note of outcome.notes) context.terminal.say(`ctmgr: ${note}`);
  for (const { line, message } of outcome.warnings) context.terminal.say(`ctmgr: line ${line}: ${message}`);
  await refreshCatalogue(context);
  const { name, version, isNew, base } = outcome;
  const text = isNew
    ? `Stored version ${version} of ${name} (from ${base}).\nNext: ctmgr rebuild ${name}\n`
    : `Nothing new: ${name} version ${version} has the same Dockerfile, options and context.\n`;
  return { kind: 'record', record: { ...outcome }, text };
}
