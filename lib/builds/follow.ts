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
 * nothing changes. Slurm is asked nothing at all while nothing is unfinished. Result files are looked for also while Slurm is slow to answer.
 */
export async function follow(site: BuildSite, options: FollowOptions): Promise<void> {
  const { results_interval, slurm_interval, slurm_interval_max, slurm_backoff } = site.config.poll;
  const stop = new AbortController();
  const asking = { ...site, slurm: { ...site.slurm, interrupted: AbortSignal.any([options.signal, stop.signal]) } };
  let interval = slurm_interval;
  let nextSlurm = 0;
  let told = new Set<string>();
  let previous: PassReport | undefined;
  while (!options.signal.aborted) {
    const askSlurmToo = performance.now() >= nextSlurm;
    const pass = pollOnce(asking, askSlurmToo, previous);
    const report = askSlurmToo ? await readResultsMeanwhile(site, pass, options, stop) : await pass;
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

/**
 * Goes on with what needs no answer of Slurm until the pass that waits for one has ended, or is not needed any more and stopped; returns
 * what that reports.
 */
async function readResultsMeanwhile(
  site: BuildSite,
  pass: Promise<PassReport>,
  { signal, onPass, until }: FollowOptions,
  stop: AbortController,
): Promise<PassReport> {
  const ended = new AbortController();
  const settled = pass.finally(() => ended.abort());
  const either = AbortSignal.any([signal, ended.signal]);
  let isBehind = false;
  try {
    for (;;) {
      await Promise.race([settled, pause(site.config.poll.results_interval * 1000, either)]);
      if (either.aborted) break;
      const between = await pollOnce(site, false, undefined, false);
      isBehind ||= between.catalogueBehind;
      // What it could not do is told by the next pass that meets it.
      if (between.transitions.length > 0) await onPass({ ...between, problems: [] });
      if (await until(between)) stop.abort();
    }
  } finally {
    await Promise.allSettled([settled]);
  }
  const report = await settled;
  const problems = stop.signal.aborted ? [] : report.problems;
  return { ...report, problems, catalogueBehind: report.catalogueBehind || isBehind };
}

/** Waits; an abort ends it early and is no error. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
