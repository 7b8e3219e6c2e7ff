import { dropOverlay } from '../definitions/change-overlays.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr overlay remove NAME`. */
export async function run(argv: { name: string }, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'overlay');
  await dropOverlay(await context.store(), name, context.caller.name);
  return {
    kind: 'record',
    record: { name },
    text: `Overlay ${name} no longer joins recipes; its versions are kept.\n`,
  };
}
