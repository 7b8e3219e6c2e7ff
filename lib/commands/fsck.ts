import { makeBuildSite } from '../builds/build-site.ts';
import { compareSite } from '../builds/fsck/compare-site.ts';
import { insertEvent } from '../store/events.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError, errorText, exitCodes } from '../util/errors.ts';
import type { Answer, Column, Context } from './context.ts';

const columns: Column[] = [
  { key: 'kind', title: 'KIND' },
  { key: 'subject', title: 'WHAT' },
  { key: 'state', title: 'STATE' },
  { key: 'detail', title: 'DETAIL' },
  { key: 'fix', title: 'FIX' },
];

/** `ctmgr fsck`: database against disk against Slurm; 1 if something differs (still). */
export async function run(argv: { hash: boolean; repair: boolean }, context: Context): Promise<Answer> {
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const { differences, problems } = await compareSite(site, argv.hash);
  const records = [];
  for (const { kind, subject, detail, fix, repair } of differences) {
    const record = { kind, subject, state: 'differs', detail, fix: fix ?? 'ctmgr fsck --repair' };
    records.push(record);
    if (!argv.repair || repair === undefined) continue;
    try {
      await repair();
      await insertEvent(
        site.store,
        { actor: site.actor, kind: 'fsck.repair', subject, detail: { kind } },
        epochSeconds(),
      );
      Object.assign(record, { state: 'repaired', fix: '' });
    } catch (error) {
      context.terminal.say(`ctmgr: cannot repair ${subject}: ${problemText(error)}`);
    }
  }
  for (const problem of problems) context.terminal.say(`ctmgr: jobs could not be compared: ${problem}`);
  const differs = records.some(({ state }) => state === 'differs');
  return {
    kind: 'table',
    columns,
    records,
    empty: problems.length === 0 ? 'Database, disk and Slurm agree.' : 'Database and disk agree.',
    exitCode: differs ? exitCodes.failed : problems.length > 0 ? exitCodes.unavailable : 0,
  };
}

function problemText(error: unknown): string {
  const why = error instanceof CtmgrError ? error.why : undefined;
  return why === undefined ? errorText(error) : `${errorText(error)}: ${why}`;
}
