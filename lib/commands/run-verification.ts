import { follow, pause } from '../builds/follow.ts';
import { pollVerifications } from '../builds/poll-verifications.ts';
import { unfinished } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { findVerification, type Verification } from '../store/verifications.ts';
import { epochSeconds, formatTime } from '../util/clock.ts';
import type { Context } from './context.ts';
import { submittingSite } from './submitting-site.ts';
import { tellWait } from './tell-wait.ts';

/**
 * Gets a recorded verification going, and follows it to its end if `wait` is true (or an interrupt, which leaves it
 * running). The caller submits and polls if they may; for others the service does. Returns how it stands then.
 */
export async function runVerification(
  store: Store,
  context: Context,
  row: Verification,
  wait: boolean,
): Promise<Verification> {
  const { terminal, interrupted, config } = context;
  let { status } = row;
  const read = async (): Promise<Verification> => {
    const now = (await findVerification(store, row.name)) ?? row;
    if (now.status !== status) {
      const where = now.node === null ? '' : ` on ${now.node}`;
      terminal.say(`${formatTime(epochSeconds()).slice(11)} ${row.name}: ${status} -> ${now.status}${where}`);
    }
    ({ status } = now);
    return now;
  };
  const isOver = async (): Promise<boolean> => !unfinished.includes((await read()).status);
  const site = submittingSite(store, context);
  if (site === undefined) {
    if (!wait) return read();
    tellWait(context, row.name);
    while (!interrupted.aborted && !(await isOver())) {
      await pause(config.poll.results_interval * 1000, interrupted);
    }
    return read();
  }
  const { problems } = await pollVerifications(site);
  for (const problem of problems) terminal.say(`ctmgr: ${problem}`);
  if (wait && !(await isOver())) {
    await follow(site, {
      signal: interrupted,
      onPass: (report) => {
        for (const problem of report.problems) terminal.say(`ctmgr: ${problem}`);
      },
      until: isOver,
    });
  }
  return read();
}
