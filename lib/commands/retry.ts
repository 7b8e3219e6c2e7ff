import { makeBuildSite } from '../builds/build-site.ts';
import { planRetry, startRetry } from '../builds/retry-builds.ts';
import { countNoun } from '../util/count-noun.ts';
import { exitCodes } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { requireTag } from './require-tag.ts';
import { waitForTags } from './wait-for-tags.ts';

interface Arguments {
  tag: string;
  names: string[];
  wait: boolean;
  'dry-run': boolean;
}

/** `ctmgr retry TAG`: builds once more what of a tag has ended without an image. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const names = argv.names.map((name) => checkName(name, 'image'));
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const tag = await requireTag(site.store, argv.tag);
  const retries = await planRetry(site, tag, [...new Set(names)]);
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
