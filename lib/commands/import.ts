import { resourceClass } from '../config/resource-class.ts';
import { type ImportOutcome, importRecipe } from '../definitions/import-recipe.ts';
import { registrySettings } from '../definitions/learn-bases.ts';
import { findGroup, isGroupName } from '../util/accounts.ts';
import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { readBuildArgs } from './build-args.ts';
import { refreshCatalogue } from './refresh-catalogue.ts';
import type { Answer, Context } from './context.ts';
import { takeEffect } from './take-effect.ts';

interface Arguments {
  dockerfile: string;
  name: string;
  context?: string;
  'build-arg': string[];
  'base-name'?: string;
  class?: string;
  message?: string;
  group?: string;
  public?: boolean;
  target?: string;
  platform?: string;
  'base-config'?: string;
  'pull-config': boolean;
  strict: boolean;
}

/** `ctmgr import`: a Dockerfile becomes a new version of a recipe. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  if (argv.class !== undefined) resourceClass(context.config, argv.class);
  const group = chosenGroup(argv);
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
      group,
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
  const exitCode = group === undefined ? 0 : await takeEffect(context, outcome.name);
  await refreshCatalogue(context);
  return { kind: 'record', record: { ...outcome }, text: describe(outcome, group !== undefined), exitCode };
}

function describe({ name, version, isNew, base, group, revived }: ImportOutcome, tellGroup: boolean): string {
  const lines = isNew
    ? [`Stored version ${version} of ${name} (from ${base}).`]
    : [`Nothing new: ${name} version ${version} has the same Dockerfile, options and context.`];
  if (tellGroup) lines.push(`Its images are for ${group === null ? 'everybody' : `group ${group} only`}.`);
  if (revived) lines.push(`${name} was retired; the name is offered again from the next good build on.`);
  if (isNew || revived) lines.push(`Next: ctmgr rebuild ${name}`);
  return `${lines.join('\n')}\n`;
}

/** Undefined: nothing was said about it. A group that does not exist is refused (66): nobody could read the image. */
function chosenGroup({ group, public: isPublic }: Arguments): string | null | undefined {
  if (group === undefined) return isPublic === true ? null : undefined;
  if (!isGroupName(group)) {
    throw new CtmgrError('usage', `${quote(group)} cannot be the group of an image`, {
      why: 'The name of its folder has letters, digits, . _ - and starts with a letter or _.',
    });
  }
  if (findGroup(group) !== undefined) return group;
  throw new CtmgrError('inputMissing', `there is no group ${group}`, { hint: `getent group ${group}` });
}
