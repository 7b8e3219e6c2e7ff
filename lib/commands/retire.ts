import { retireName } from '../builds/choose-current.ts';
import { dependantsOf } from '../definitions/own-images.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { takeEffect } from './take-effect.ts';

/** `ctmgr retire NAME`: the name is offered and built no longer. */
export async function run(argv: { name: string; message?: string }, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'image');
  const author = { actor: context.caller.name, message: argv.message ?? null };
  const store = await context.store();
  const previous = await retireName(store, name, author);
  const based_on_it = (await dependantsOf(store, name)).map((recipe) => recipe.name);
  const exitCode = await takeEffect(context, name);
  const lines = [`${name} is retired: no longer offered, no longer built. What runs in it goes on.`];
  if (previous !== null) lines.push(`Its images stay, as ${name}:TAG, until \`ctmgr gc\` finds them old enough.`);
  if (based_on_it.length > 0)
    lines.push(`Based on it, and not built any more unless imported with another base: ${based_on_it.join(', ')}`);
  return {
    kind: 'record',
    record: { name, previous, based_on_it, shown: exitCode === 0 },
    text: `${lines.join('\n')}\n`,
    exitCode,
  };
}
