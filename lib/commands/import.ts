import { resourceClass } from '../config/resource-class.ts';
import { recordVerification, renderTrial } from '../builds/record-verification.ts';
import { type ImportOutcome, importRecipe, type ImportRequest } from '../definitions/import-recipe.ts';
import { registrySettings } from '../definitions/learn-bases.ts';
import type { Material } from '../definitions/read-material.ts';
import { parseReadyImage } from '../definitions/ready-image.ts';
import { findGroup, isGroupName } from '../util/accounts.ts';
import { quote } from '../util/names.ts';
import { readBuildArgs } from './build-args.ts';
import { importImage } from './import-image.ts';
import { refreshCatalogue } from './refresh-catalogue.ts';
import type { Store } from '../store/open.ts';
import { findVerification } from '../store/verifications.ts';
import { CtmgrError } from '../util/errors.ts';
import type { Answer, Context } from './context.ts';
import { runVerification } from './run-verification.ts';
import { reportVerification } from './verification-report.ts';
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
  wait: boolean;
  verify: boolean;
}

/** `ctmgr import`: a Dockerfile, or a ready image, becomes a new version of a recipe. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  if (argv.class !== undefined) resourceClass(context.config, argv.class);
  const group = chosenGroup(argv);
  const ready = parseReadyImage(argv.dockerfile);
  if (ready !== undefined) return importImage(ready, argv, group, context);
  const store = await context.store();
  const request = {
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
  };
  const verify = async (material: Material): Promise<void> => {
    if (argv.verify) await refuseBroken(store, context, request, material);
  };
  const outcome = await importRecipe(store, context.paths.contexts, request, context.caller.name, verify);
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
      hint: 'getent group',
    });
  }
  if (findGroup(group) !== undefined) return group;
  throw new CtmgrError('inputMissing', `there is no group ${group}`, {
    why: 'nobody could read its images',
    hint: `groupadd ${group}, or the name of a group that there is: getent group`,
  });
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
    throw new CtmgrError('interrupted', `interrupted: nothing was stored; ${row.name} goes on`, {
      hint: `ctmgr verify ${row.name} --wait; then the same without --verify`,
    });
  }
  throw new CtmgrError('failed', `nothing was stored: ${request.name} does not build`, {
    hint: 'mend the Dockerfile; the same again without --verify stores it nevertheless',
  });
}
