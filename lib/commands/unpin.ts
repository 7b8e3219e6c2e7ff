import { unpinName } from '../builds/choose-current.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { takeEffect } from './take-effect.ts';

/** `ctmgr unpin NAME`: the next good build takes the name over again. */
export async function run(argv: { name: string; message?: string }, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'image');
  const author = { actor: context.caller.name, message: argv.message ?? null };
  const meaning = await unpinName(await context.store(), name, author);
  const exitCode = await takeEffect(context, name);
  const { tag, newest } = meaning;
  const lines = [`${name} is not pinned; it means ${tag} until the next good build.`];
  if (newest !== tag) lines.push(`A newer good build is there already: ctmgr rollback ${name} ${newest}`);
  return {
    kind: 'record',
    record: { ...meaning, shown: exitCode === 0 },
    text: `${lines.join('\n')}\n`,
    exitCode,
  };
}
