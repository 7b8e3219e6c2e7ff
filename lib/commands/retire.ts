import { retireName } from '../builds/choose-current.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { takeEffect } from './take-effect.ts';

/** `ctmgr retire NAME`: the name is offered and built no longer. */
export async function run(argv: { name: string; message?: string }, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'image');
  const author = { actor: context.caller.name, message: argv.message ?? null };
  const previous = await retireName(await context.store(), name, author);
  const exitCode = await takeEffect(context, name);
  const lines = [`${name} is retired: no longer offered, no longer built. What runs in it goes on.`];
  if (previous !== null) lines.push(`Its images stay, as ${name}:TAG, until \`ctmgr gc\` finds them old enough.`);
  return {
    kind: 'record',
    record: { name, previous, shown: exitCode === 0 },
    text: `${lines.join('\n')}\n`,
    exitCode,
  };
}
