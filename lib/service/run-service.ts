import type { Logger } from 'pino';

import type { BuildSite } from '../builds/build-site.ts';
import { collectBenchmarks } from '../benchmarks/collect-results.ts';
import { pollGates } from '../benchmarks/poll-gates.ts';
import { follow, pause } from '../builds/follow.ts';
import { runNotifier } from './run-notifier.ts';
import { startScheduler } from './scheduler.ts';
import { takeServiceLock } from './service-lock.ts';

/** Seconds until the loop starts again after an error that it did not expect. */
const restartPause = 10;

/**
 * Polls until `signal` fires and starts the rebuilds that the configuration schedules. Nothing that goes wrong in a pass
 * ends the service: it is logged, and the next pass tries again.
 */
export async function runService(site: BuildSite, log: Logger, signal: AbortSignal): Promise<void> {
  const release = await takeServiceLock(site.store, site.paths.state);
  const benchmarks = benchmarkCollector({ ...site, slurm: { ...site.slurm, interrupted: signal } }, log);
  let stopScheduler: (() => Promise<void>) | undefined;
  let notifier: Promise<void> | undefined;
  try {
    stopScheduler = await startScheduler(site, log, signal);
    notifier = runNotifier(site, log, signal);
    log.info({ pid: process.pid }, 'service started');
    while (!signal.aborted) {
      try {
        await follow(site, {
          signal,
          onPass: (report) => {
            logPass(log, report);
            benchmarks.collectIfDue();
          },
          until: async () => false,
        });
      } catch (error) {
        log.error({ err: error }, 'a pass failed; trying again');
        await pause(restartPause * 1000, signal);
      }
    }
  } finally {
    await stopScheduler?.();
    await notifier;
    await benchmarks.end();
    await release();
  }
  log.info('service stopped; jobs go on');
}

function logPass(log: Logger, report: { transitions: object[]; problems: string[]; submissions: string[] }): void {
  for (const transition of report.transitions) log.info(transition, 'status changed');
  for (const message of report.submissions) log.info(message);
  for (const message of report.problems) log.warn(message);
}

/**
 * Collects results of benchmarks and decides about gates, every `poll.slurm_interval` seconds at most. Builds do not wait for
 * it: it may wait for Slurm.
 */
function benchmarkCollector(site: BuildSite, log: Logger): { collectIfDue: () => void; end: () => Promise<void> } {
  let next = 0;
  let catalogueBehind = false;
  let running: Promise<void> | undefined;
  const collect = async (): Promise<void> => {
    try {
      const { collected, finished, problems } = await collectBenchmarks(site);
      if (collected > 0) log.info({ collected }, 'results of benchmarks');
      for (const run of finished) log.info({ run }, 'jobs of a benchmark run are over');
      const gates = await pollGates(site, catalogueBehind);
      catalogueBehind = gates.catalogueBehind;
      for (const message of gates.news) log.info(message);
      for (const problem of [...problems, ...gates.problems]) log.warn(problem);
    } catch (error) {
      log.error({ err: error }, 'collecting results of benchmarks failed; trying again');
    }
    next = performance.now() + site.config.poll.slurm_interval * 1000;
    running = undefined;
  };
  return {
    collectIfDue: () => {
      if (running === undefined && performance.now() >= next) running = collect();
    },
    end: async () => running,
  };
}
