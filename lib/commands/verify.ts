import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

import { recordVerification, renderTrial } from '../builds/record-verification.ts';
import { resourceClass } from '../config/resource-class.ts';
import { keepContext, readRequest } from '../definitions/import-recipe.ts';
import { registrySettings } from '../definitions/learn-bases.ts';
import type { RenderedRecipe } from '../definitions/render-recipe.ts';
import { renderVersion } from '../definitions/render-version.ts';
import type { Store } from '../store/open.ts';
import { findRecipe } from '../store/recipes.ts';
import { findVerification } from '../store/verifications.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkName, isName } from '../util/names.ts';
import { readBuildArgs } from './build-args.ts';
import type { Answer, Context } from './context.ts';
import { runVerification } from './run-verification.ts';
import { reportVerification } from './verification-report.ts';

interface Arguments {
  what: string;
  name?: string;
  context?: string;
  'build-arg': string[];
  class?: string;
  target?: string;
  platform?: string;
  'base-config'?: string;
  'pull-config': boolean;
  strict: boolean;
  wait: boolean;
}

/** `ctmgr verify NAME|DOCKERFILE`: builds and tests it with the overlays it would get, and throws the image away. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const store = await context.store();
  if (argv.class !== undefined) resourceClass(context.config, argv.class);
  const row = /^verify-\d/.test(argv.what)
    ? await findVerification(store, argv.what)
    : await recordVerification(store, await renderSubject(store, argv, context), context.config, context.caller.name);
  if (row === undefined) {
    throw new CtmgrError('inputMissing', `there is no verification ${argv.what}`, {
      why: `they are kept for ${context.config.build.verification_days} days`,
      hint: 'ctmgr verify NAME --wait',
    });
  }
  return reportVerification(context.paths, await runVerification(store, context, row, argv.wait));
}

async function renderSubject(store: Store, argv: Arguments, context: Context): Promise<RenderedRecipe> {
  const { config, paths, caller } = context;
  const [name = '', version, more] = argv.what.split(':');
  const isVersion = more === undefined && (version === undefined || /^[1-9]\d{0,8}$/.test(version));
  if (isName(name) && isVersion && (await findRecipe(store, name)) !== undefined) {
    const others = (['name', 'context', 'target', 'platform', 'base-config'] as const).filter(
      (key) => argv[key] !== undefined,
    );
    if (others.length > 0 || argv['build-arg'].length > 0) {
      throw new CtmgrError('usage', `${name} is a recipe, with all that belongs to it`, {
        why: `${others.length > 0 ? `--${others[0]}` : '--build-arg'} is for a Dockerfile`,
        hint: `ctmgr verify ./${argv.what} … means a file`,
      });
    }
    const rendered = await renderVersion(store, name, version === undefined ? undefined : Number(version), config);
    return withClass(rendered, argv.class);
  }
  if (isName(name) && isVersion && !existsSync(argv.what)) {
    throw new CtmgrError('inputMissing', `${argv.what} is neither a recipe nor a Dockerfile`, {
      hint: 'ctmgr list --all; ctmgr verify PATH/Dockerfile',
    });
  }
  const request = {
    dockerfile: argv.what,
    name: checkName(argv.name ?? nameOf(argv.what), 'recipe'),
    context: argv.context,
    buildArgs: readBuildArgs(argv['build-arg']),
    baseName: undefined,
    class: argv.class,
    message: undefined,
    target: argv.target,
    platform: argv.platform,
    baseConfig: argv['base-config'],
    strict: argv.strict,
    registries: argv['pull-config'] ? registrySettings(config, context.interrupted) : undefined,
  };
  const material = await readRequest(store, request);
  for (const note of material.notes) context.terminal.say(`ctmgr: ${note}`);
  for (const { line, message } of material.plan.warnings) context.terminal.say(`ctmgr: line ${line}: ${message}`);
  await keepContext(material.manifest, request.context, paths.contexts);
  return renderTrial(store, request, material, config, caller.name);
}

function withClass(rendered: RenderedRecipe, name: string | undefined): RenderedRecipe {
  if (name === undefined) return rendered;
  return { ...rendered, source: { ...rendered.source, recipe: { ...rendered.source.recipe, class: name } } };
}

/** The folder that a Dockerfile lies in is often called as the recipe will be; overlays may select by that. */
function nameOf(dockerfile: string): string {
  const folder = basename(dirname(resolve(dockerfile))).toLowerCase();
  return isName(folder) ? folder : 'unnamed';
}
