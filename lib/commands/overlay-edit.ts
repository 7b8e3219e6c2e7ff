import { editOverlay } from '../definitions/change-overlays.ts';
import { parseSelector } from '../definitions/overlay-selector.ts';
import { readOverlaySteps } from '../definitions/overlay-steps.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

interface Arguments {
  name: string;
  run?: string[];
  file?: string;
  selector?: string;
  message?: string;
}

/** `ctmgr overlay edit`: a new version with other steps, another selector, or both. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'overlay');
  const hasSteps = argv.run !== undefined || argv.file !== undefined;
  if (!hasSteps && argv.selector === undefined) {
    throw new CtmgrError('usage', 'nothing to change: give --run, --file or --selector', {
      hint: `ctmgr overlay show ${argv.name}`,
    });
  }
  const change = {
    name,
    commands: hasSteps ? await readOverlaySteps(argv.run, argv.file) : undefined,
    selector: argv.selector === undefined ? undefined : parseSelector(argv.selector),
    message: argv.message ?? null,
  };
  const version = await editOverlay(await context.store(), change, context.caller.name);
  const text =
    version === undefined
      ? `Nothing new: overlay ${name} is like that already.\n`
      : `Stored version ${version} of overlay ${name}; it joins matching recipes at the next rebuild.\n`;
  return { kind: 'record', record: { name, version: version ?? null, isNew: version !== undefined }, text };
}
