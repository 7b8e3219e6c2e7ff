import { addOverlay } from '../definitions/change-overlays.ts';
import { parseSelector } from '../definitions/overlay-selector.ts';
import { readOverlaySteps } from '../definitions/overlay-steps.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

interface Arguments {
  name: string;
  run?: string[];
  file?: string;
  selector: string;
  message?: string;
}

/** `ctmgr overlay add`: steps that every matching recipe gets from its next rebuild on. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'overlay');
  const change = {
    name,
    commands: await readOverlaySteps(argv.run, argv.file),
    selector: parseSelector(argv.selector),
    message: argv.message ?? null,
  };
  const version = await addOverlay(await context.store(), change, context.caller.name);
  const text = `Stored version ${version} of overlay ${name}; it joins matching recipes at the next rebuild.\n`;
  return { kind: 'record', record: { name, version, commands: change.commands }, text };
}
