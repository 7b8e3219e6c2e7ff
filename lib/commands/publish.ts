import { makeBuildSite } from '../builds/build-site.ts';
import { releaseTag } from '../builds/release-tag.ts';
import { checkTag } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr publish TAG`: the images of a held tag go live as one; with a reason also those that gates keep back. */
export async function run(
  argv: { tag: string; partial: boolean; message?: string },
  context: Context,
): Promise<Answer> {
  const tag = checkTag(argv.tag);
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const release = await releaseTag(site, tag, argv.partial, argv.message);
  const lines = [release.already ? `${tag} was live already.` : `${tag} is live: ${count(release.live)}.`];
  if (release.kept.length > 0)
    lines.push(
      `Not moved, since they are pinned, retired, chosen since, or mean something newer: ${release.kept.join(', ')}`,
    );
  if (release.gated.length > 0)
    lines.push(`Left out, since a gate keeps them back: ${release.gated.join(', ')}. See: ctmgr bench gate`);
  if (release.missing.length > 0) lines.push(`Left out, since they are not good: ${release.missing.join(', ')}`);
  return { kind: 'record', record: { ...release }, text: `${lines.join('\n')}\n` };
}

function count(names: string[]): string {
  return names.length === 1 ? '1 name has changed its meaning' : `${names.length} names have changed their meaning`;
}
