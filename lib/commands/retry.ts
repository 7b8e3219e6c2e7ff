import { makeBuildSite } from '../builds/build-site.ts';
import { planRetry, startRetry } from '../builds/retry-builds.ts';
import type { BuildTag } from '../store/build-tags.ts';
import { newestInstances } from '../store/newest-instances.ts';
import type { Store } from '../store/open.ts';
import { findRecipe } from '../store/recipes.ts';
import { countNoun } from '../util/count-noun.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import { checkName, isTag, parseReference } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { requireTag } from './require-tag.ts';
import { waitForTags } from './wait-for-tags.ts';

interface Arguments {
  what: string;
  names: string[];
  wait: boolean;
  'dry-run': boolean;
}

/** `ctmgr retry TAG [NAME...]|NAME|NAME:TAG`: builds once more what of a tag has ended without an image. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const { tag, names } = await findFailed(site.store, argv.what, argv.names);
  const retries = await planRetry(site, tag, names);
  if (argv['dry-run']) {
    const rows = retries.map(({ instance, next }) => ({
      name: instance.name,
      attempt: instance.attempt + 1,
      class: next.class,
    }));
    const lines = rows.map((row) => `  ${row.name}  attempt ${row.attempt}, class ${row.class}`);
    const text = `Would build once more:\n${lines.join('\n')}\nNothing was changed.\n`;
    return { kind: 'record', record: { tag: tag.name, would_retry: rows }, text };
  }
  const { begun, reports } = await startRetry(site, retries);
  const images = countNoun(begun.length, 'image');
  context.terminal.say(`Build tag ${tag.name}: ${images} once more, submitting`);
  for (const { message } of reports) context.terminal.say(`  ${message}`);
  if (argv.wait) return waitForTags(site, context, [tag]);
  const refused = reports.some(({ kind }) => kind === 'refused');
  const inDoubt = reports.some(({ kind }) => kind === 'unknown');
  return {
    kind: 'record',
    record: { tag: tag.name, retried: begun.map(({ instance }) => instance.name), arrays: reports },
    text: `Next: ctmgr status ${tag.name} (states move while \`ctmgr service\` runs, or with: ctmgr poll --wait)\n`,
    exitCode: refused ? exitCodes.failed : inDoubt ? exitCodes.tryAgain : 0,
  };
}

/** The tag, and the names in it; without names all of it. An image without a tag is meant as it was built last. */
async function findFailed(store: Store, what: string, more: string[]): Promise<{ tag: BuildTag; names: string[] }> {
  if (isTag(what)) {
    const names = more.map((name) => checkName(name, 'image'));
    return { tag: await requireTag(store, what), names: [...new Set(names)] };
  }
  const reference = parseReference(what);
  const { name } = reference;
  if (more.length > 0 || reference.sha256 !== undefined) {
    throw new CtmgrError('usage', `${what} is not a build tag`, {
      why:
        reference.sha256 === undefined
          ? 'several images at once are named after the tag that they have in common'
          : 'an image with a digest is finished',
      hint: `ctmgr retry TAG ${[name, ...more].join(' ')}`,
    });
  }
  const recipe = await findRecipe(store, name);
  if (recipe === undefined) {
    throw new CtmgrError('inputMissing', `there is no recipe ${name}`, { hint: 'ctmgr list --all' });
  }
  const tag = reference.tag ?? (await newestInstances(store, recipe.id)).newest?.tag;
  if (tag === undefined) {
    throw new CtmgrError('inputMissing', `${name} has never been built`, { hint: `ctmgr rebuild ${name}` });
  }
  return { tag: await requireTag(store, tag), names: [name] };
}
