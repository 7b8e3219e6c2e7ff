import { makeBuildSite } from '../builds/build-site.ts';
import { throttleTag } from '../builds/throttle-tag.ts';
import { instancesOfTag, unfinished } from '../store/instances.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { requireTag } from './require-tag.ts';

/** `ctmgr throttle TAG N`: how many elements of each array of a running tag may run at once. */
export async function run(argv: { tag: string; number: string }, context: Context): Promise<Answer> {
  if (!/^\d{1,6}$/.test(argv.number)) {
    throw new CtmgrError('usage', `${quote(argv.number)} is no number of builds`, {
      why: 'It is a whole number; 0 means no limit.',
      hint: `ctmgr throttle ${argv.tag} 4`,
    });
  }
  const throttle = Number(argv.number);
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const tag = await requireTag(site.store, argv.tag);
  const instances = await instancesOfTag(site.store, tag.id);
  if (!instances.some(({ status }) => unfinished.includes(status))) {
    throw new CtmgrError('inputMissing', `nothing of ${tag.name} is unfinished`, { hint: `ctmgr status ${tag.name}` });
  }
  const { arrays, problems } = await throttleTag(site, tag, throttle);
  for (const problem of problems) context.terminal.say(`ctmgr: ${problem}`);
  const limit = throttle === 0 ? 'no limit' : `at most ${throttle} at once`;
  const where = arrays.length === 0 ? '' : `, job ${arrays.length === 1 ? 'array' : 'arrays'} ${arrays.join(' ')}`;
  const again = problems.length === 0 ? '' : 'Slurm did not take all of it. Try: the same command again\n';
  return {
    kind: 'record',
    record: { tag: tag.name, throttle, arrays, problems },
    text: `Builds of ${tag.name}: ${limit}${where}.\n${again}`,
    exitCode: problems.length === 0 ? 0 : exitCodes.tryAgain,
  };
}
