import { schedule, validate } from 'node-cron';
import type { Logger } from 'pino';

import type { BuildSite } from '../builds/build-site.ts';
import { collectBenchmarks } from '../benchmarks/collect-results.ts';
import { follow, pause } from '../builds/follow.ts';
import { planRecipes, startRebuild } from '../builds/rebuild.ts';
import { listBuildTags } from '../store/build-tags.ts';
import { unfinishedInstances } from '../store/instances.ts';
import { CtmgrError, errorText } from '../util/errors.ts';
import { takeServiceLock } from './service-lock.ts';

/** Seconds until the loop starts again after an error that it did not expect. */
const restartPause = 10;

/** Who is written down for the rebuilds that the schedule starts. */
const scheduler = 'nightly';

/**
 * Polls until `signal` fires and starts the nightly rebuild of the configuration. Nothing that goes wrong in a pass
 * ends the service: it is logged, and the next pass tries again.
 */
export async function runService(site: BuildSite, log: Logger, signal: AbortSignal): Promise<void> {
  const release = await takeServiceLock(site.store, site.paths.state);
  const collectIfDue = benchmarkCollector();
  let stopSchedule: (() => Promise<void>) | undefined;
  try {
    stopSchedule = scheduleNightly(site, log, signal);
    log.info({ pid: process.pid }, 'service started');
    while (!signal.aborted) {
      try {
        await follow(site, {
          signal,
          onPass: async (report) => {
            logPass(log, report);
            await collectIfDue(site, log);
          },
          until: async () => false,
        });
      } catch (error) {
        log.error({ err: error }, 'a pass failed; trying again');
        await pause(restartPause * 1000, signal);
      }
    }
  } finally {
    await stopSchedule?.();
    await release();
  }
  log.info('service stopped; jobs go on');
}

function logPass(log: Logger, report: { transitions: object[]; problems: string[]; submissions: string[] }): void {
  for (const transition of report.transitions) log.info(transition, 'status changed');
  for (const message of report.submissions) log.info(message);
  for (const message of report.problems) log.warn(message);
}

/** A function that collects results of benchmarks, every `poll.slurm_interval` seconds at most. */
function benchmarkCollector(): (site: BuildSite, log: Logger) => Promise<void> {
  let next = 0;
  return async (site, log) => {
    if (performance.now() < next) return;
    const { collected, finished, problems } = await collectBenchmarks(site);
    if (collected > 0) log.info({ collected }, 'results of benchmarks');
    for (const run of finished) log.info({ run }, 'jobs of a benchmark run are over');
    for (const problem of problems) log.warn(problem);
    next = performance.now() + site.config.poll.slurm_interval * 1000;
  };
}

/** Returns the function that ends the schedule; a rebuild that has begun is submitted to its end first. */
function scheduleNightly(site: BuildSite, log: Logger, signal: AbortSignal): (() => Promise<void>) | undefined {
  const { nightly, time_zone } = site.config.service;
  if (nightly === undefined) return undefined;
  if (!validate(nightly)) {
    throw new CtmgrError('configuration', `service.nightly is no cron expression: ${JSON.stringify(nightly)}`, {
      hint: 'minute hour day-of-month month day-of-week, such as "0 2 * * *"',
    });
  }
  if (!isTimeZone(time_zone)) {
    throw new CtmgrError('configuration', `service.time_zone is no time zone: ${JSON.stringify(time_zone)}`, {
      hint: 'a name of the IANA database, such as "Europe/Berlin"',
    });
  }
  const asScheduler = { ...site, actor: scheduler, slurm: { ...site.slurm, interrupted: signal } };
  let underway = Promise.resolve();
  const task = schedule(nightly, () => (underway = rebuildAll(asScheduler, log)), {
    timezone: time_zone,
    noOverlap: true,
  });
  log.info({ nightly, time_zone, next: task.getNextRun() }, 'nightly rebuild scheduled');
  return async () => {
    await task.destroy();
    await underway;
  };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

async function rebuildAll(site: BuildSite, log: Logger): Promise<void> {
  try {
    const unfinished = await unfinishedNightly(site);
    if (unfinished !== undefined) {
      log.warn({ tag: unfinished }, 'no nightly rebuild: the one before is not finished');
      return;
    }
    const arrays = await planRecipes(site, []);
    const { reports } = await startRebuild(site, arrays, ({ name }) => log.info({ tag: name }, 'nightly rebuild'));
    for (const report of reports) log.info(report, 'submission');
  } catch (error) {
    log.error({ err: error }, `the nightly rebuild could not start: ${errorText(error)}`);
  }
}

/** A tag that the schedule started and whose builds are still under way, perhaps since before a restart. */
async function unfinishedNightly({ store }: BuildSite): Promise<string | undefined> {
  const tags = (await listBuildTags(store)).filter((tag) => tag.created_by === scheduler);
  const open = new Set((await unfinishedInstances(store)).map((instance) => instance.build_tag_id));
  return tags.find(({ id }) => open.has(id))?.name;
}
