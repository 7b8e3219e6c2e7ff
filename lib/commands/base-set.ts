import { findBaseImageByName, updateBaseImage } from '../store/base-images.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Context } from './context.ts';

interface Arguments {
  name: string;
  distribution?: string;
  'package-manager'?: string;
}

/** `ctmgr base set NAME`: what overlay selectors compare with. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'base image');
  const { distribution, 'package-manager': packageManager } = argv;
  if (distribution === undefined && packageManager === undefined) {
    throw new CtmgrError('usage', 'nothing to change: give --distribution or --package-manager', {
      hint: `ctmgr base set ${argv.name} --distribution NAME`,
    });
  }
  const store = await context.store();
  const base = await findBaseImageByName(store, name);
  if (base === undefined)
    throw new CtmgrError('inputMissing', `there is no base image ${name}`, { hint: 'ctmgr base list' });
  await updateBaseImage(store, base.id, {
    ...(distribution === undefined ? {} : { distribution: checkName(distribution, 'distribution') }),
    ...(packageManager === undefined ? {} : { packageManager: checkName(packageManager, 'package manager') }),
  });
  return {
    kind: 'record',
    record: { name },
    text: `Base image ${name} changed; overlays follow at the next rebuild.\n`,
  };
}
