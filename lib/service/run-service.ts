import { schedule, type ScheduledTask, validate } from 'node-cron';
import type { Logger } from 'pino';

import type { BuildSite } from '../builds/build-site.ts';
import { follow, pause } from '../builds/follow.ts';
import { planRecipes, startRebuild } from '../builds/rebuild.ts';
import { CtmgrError, errorText } from '../util/errors.ts';
import { takeServiceLock } from './service-lock.ts';

/** Seconds until the loop starts again after an error that it did not expect. */
const restartPause = 10;

/**
 * Polls until `signal` fires and starts the nightly rebuild of the configuration. Nothing that goes wrong in a pass
 * ends the service: it is logged, and the next pass tries again.
 */
export async function runService(site: BuildSite, log: Logger, signal: AbortSignal): Promise<void> {
  const release = await takeServiceLock(site.store, site.paths.state);
  let nightly: ScheduledTask | undefined;
  try {
    nightly = scheduleNightly(site, log);
    log.info({ pid: process.pid }, 'service started');
    while (!signal.aborted) {
      try {
        await follow(site, { signal, onPass: (report) => logPass(log, report), until: async () => false });
      } catch (error) {
        log.error({ err: error }, 'a pass failed; trying again');
        await pause(restartPause * 1000, signal);
      }
    }
    log.info('service stopped; jobs go on');
  } finally {
    await nightly?.destroy();
    await release();
  }
}

function logPass(log: Logger, report: { transitions: object[]; problems: string[]; submissions: string[] }): void {
  for (const transition of report.transitions) log.info(transition, 'status changed');
  for (const message of report.submissions) log.info(message);
  for (const message of report.problems) log.warn(message);
}

function scheduleNightly(site: BuildSite, log: Logger): ScheduledTask | undefined {
  const { nightly, time_zone } = site.config.service;
  if (nightly === undefined) return undefined;
  if (!validate(nightly)) {
    throw new CtmgrError('configuration', `service.nightly is no cron expression: ${JSON.stringify(nightly)}`, {
      hint: 'minute hour day-of-month month day-of-week, such as "0 2 * * *"',
    });
  }
  const task = schedule(nightly, () => rebuildAll(site, log), { timezone: time_zone, noOverlap: true });
  log.info({ nightly, time_zone, next: task.getNextRun() }, 'nightly rebuild scheduled');
  return task;
}

async function rebuildAll(site: BuildSite, log: Logger): Promise<void> {
  try {
    const arrays = await planRecipes(site, []);
    const { reports } = await startRebuild(site, arrays, ({ name }) => log.info({ tag: name }, 'nightly rebuild'));
    for (const report of reports) log.info(report, 'submission');
  } catch (error) {
    log.error({ err: error }, `the nightly rebuild could not start: ${errorText(error)}`);
  }
}
