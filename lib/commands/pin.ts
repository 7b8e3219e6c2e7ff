import { pinName } from '../builds/choose-current.ts';
import type { Answer, Context } from './context.ts';
import { leftOut } from './left-out.ts';
import { nameAndTag } from './name-and-tag.ts';
import { takeEffect } from './take-effect.ts';

/** `ctmgr pin NAME [TAG]`: NAME means this build, whatever is built later. */
export async function run(argv: { name: string; tag?: string; message?: string }, context: Context): Promise<Answer> {
  const { name, tag: wanted } = nameAndTag(argv.name, argv.tag);
  const author = { actor: context.caller.name, message: argv.message ?? null };
  const meaning = await pinName(await context.store(), name, wanted, author);
  const exitCode = await takeEffect(context, name);
  const { tag, previous, left_out_of } = meaning;
  const moved = previous === tag ? '' : ` (before: ${previous ?? 'nothing'})`;
  const text = `${name} means ${tag}${moved} until: ctmgr unpin ${name}\n${leftOut(name, left_out_of)}`;
  return { kind: 'record', record: { ...meaning, shown: exitCode === 0 }, text, exitCode };
}
