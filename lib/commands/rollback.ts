import { type NameMeaning, rollBack } from '../builds/choose-current.ts';
import type { Answer, Context } from './context.ts';
import { leftOut } from './left-out.ts';
import { nameAndTag } from './name-and-tag.ts';
import { takeEffect } from './take-effect.ts';

/** `ctmgr rollback NAME [TAG]`: NAME means an earlier build. */
export async function run(argv: { name: string; tag?: string; message?: string }, context: Context): Promise<Answer> {
  const { name, tag: wanted } = nameAndTag(argv.name, argv.tag);
  const author = { actor: context.caller.name, message: argv.message ?? null };
  const meaning = await rollBack(await context.store(), name, wanted, author);
  const exitCode = await takeEffect(context, name);
  return { kind: 'record', record: { ...meaning, shown: exitCode === 0 }, text: describe(meaning), exitCode };
}

function describe({ name, tag, previous, pinned, left_out_of }: NameMeaning): string {
  const meaning =
    previous === tag ? `${name} means ${tag} already.` : `${name} means ${tag} (before: ${previous ?? 'nothing'}).`;
  const future = pinned
    ? `It stays pinned there until: ctmgr unpin ${name}`
    : `It is not pinned: the next good build takes the name over. To prevent that: ctmgr pin ${name}`;
  return `${meaning}\n${leftOut(name, left_out_of)}${future}\n`;
}
