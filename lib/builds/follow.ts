import { setTimeout as delay } from 'node:timers/promises';

import type { BuildSite } from './build-site.ts';
import { type PassReport, pollOnce } from './poll.ts';

export interface FollowOptions {
  /** Ends the waiting; the jobs go on. */
  signal: AbortSignal;
  /** Called after every pass. A problem that lasts is in the report of the first pass that met it, and not again. */
  onPass: (report: PassReport) => void | Promise<void>;
  /** Asked after every pass. */
  until: (report: PassReport) => Promise<boolean>;
}

/**
 * Polls until `until` is true or `signal` fires: result files every `poll.results_interval` seconds, Slurm every
 * `poll.slurm_interval`, less often (each time `poll.slurm_backoff` times as long, up to `poll.slurm_interval_max`) while
 * nothing changes. Slurm is asked nothing at all while nothing is unfinished.
 */
export async function follow(site: BuildSite, options: FollowOptions): Promise<void> {
  const { results_interval, slurm_interval, slurm_interval_max, slurm_backoff } = site.config.poll;
  const asking = { ...site, slurm: { ...site.slurm, interrupted: options.signal } };
  let interval = slurm_interval;
  let nextSlurm = 0;
  let told = new Set<string>();
  let previous: PassReport | undefined;
  while (!options.signal.aborted) {
    const askSlurmToo = performance.now() >= nextSlurm;
    const report = await pollOnce(asking, askSlurmToo, previous);
    const isMore = report.unfinished > (previous?.unfinished ?? 0);
    previous = report;
    if (askSlurmToo) {
      const quiet = report.transitions.length === 0 && report.submissions.length === 0;
      interval = quiet ? Math.min(interval * slurm_backoff, slurm_interval_max) : slurm_interval;
      nextSlurm = performance.now() + interval * 1000;
    } else if (report.transitions.length > 0 || isMore) {
      interval = slurm_interval;
      nextSlurm = Math.min(nextSlurm, performance.now() + interval * 1000);
    }
    // After an interrupt questions go unanswered for that reason alone.
    const fresh = options.signal.aborted ? [] : report.problems.filter((problem) => !told.has(problem));
    // Only a pass that asks Slurm can find out that everything answers again.
    told = new Set([...report.problems, ...(askSlurmToo && report.problems.length === 0 ? [] : told)]);
    await options.onPass({ ...report, problems: fresh });
    if (await options.until(report)) return;
    await pause(results_interval * 1000, options.signal);
  }
}

/** Waits; an abort ends it early and is no error. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
