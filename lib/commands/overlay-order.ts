import { orderOverlays } from '../definitions/change-overlays.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr overlay order NAME…`. */
export async function run(argv: { names: string[] }, context: Context): Promise<Answer> {
  const names = argv.names.map((name) => checkName(name, 'overlay'));
  await orderOverlays(await context.store(), names, context.caller.name);
  return { kind: 'record', record: { names }, text: `Overlays now apply in this order: ${names.join(', ')}.\n` };
}
