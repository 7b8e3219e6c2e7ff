import { schedule as startTask, type ScheduledTask } from 'node-cron';
import type { Logger } from 'pino';

import type { BuildSite } from '../builds/build-site.ts';
import { formatTime } from '../util/clock.ts';
import { errorText } from '../util/errors.ts';
import { nextRun } from './next-runs.ts';
import { type RunOutcome, runIfDue } from './run-schedule.ts';
import { type Schedule, schedulesOf } from './schedules.ts';

/** Milliseconds between looks for what is due and has had no timer: missed while the machine slept, or waiting for Slurm. */
const lookInterval = 30_000;

/**
 * Starts the schedules of the configuration; returns the function that ends them. A rebuild that has begun is submitted to
 * its end first. node-cron's timers say when to look; whether something is due is what the store says.
 */
export async function startScheduler(site: BuildSite, log: Logger, signal: AbortSignal): Promise<() => Promise<void>> {
  const schedules = schedulesOf(site.config);
  if (!site.config.service.schedules || schedules.length === 0) return async () => {};
  const asking = { ...site, slurm: { ...site.slurm, interrupted: signal } };
  const told = new Map<string, string>();
  let underway: Promise<void> = Promise.resolve();
  // One after the other: two that are due at the same minute would only compete for the same transaction.
  const look = (schedule: Schedule): Promise<void> =>
    (underway = underway.then(() => attend(asking, schedule, log, told)));
  const tasks: ScheduledTask[] = [];
  for (const schedule of schedules) {
    const { name, cron, timeZone } = schedule;
    const task = startTask(cron, () => look(schedule), { timezone: timeZone, suppressMissedWarning: true });
    task.on('execution:missed', () => look(schedule));
    tasks.push(task);
    log.info({ schedule: name, cron, time_zone: timeZone, next: formatTime(await nextRun(schedule)) }, 'scheduled');
    void look(schedule);
  }
  const timer = setInterval(() => schedules.forEach((schedule) => void look(schedule)), lookInterval);
  return async () => {
    clearInterval(timer);
    for (const task of tasks) await task.destroy();
    await underway;
  };
}

/** `told` holds what was logged last of each schedule, so that waiting for Slurm is told once. */
async function attend(site: BuildSite, schedule: Schedule, log: Logger, told: Map<string, string>): Promise<void> {
  const { name } = schedule;
  try {
    const outcome = await runIfDue(site, schedule);
    if (outcome === undefined) return;
    const words = JSON.stringify(outcome);
    if (outcome.result === 'waiting' && told.get(name) === words) return;
    told.set(name, words);
    tell(log, name, outcome);
  } catch (error) {
    log.error({ err: error, schedule: name }, `the schedule could not be looked after: ${errorText(error)}`);
  }
}

function tell(log: Logger, schedule: string, { result, message, tag }: RunOutcome): void {
  const facts = { schedule, ...(tag === null ? {} : { tag }), ...(message === null ? {} : { message }) };
  if (result === 'started') log.info(facts, 'scheduled rebuild started');
  else if (result === 'overlap' || result === 'missed') log.warn(facts, 'scheduled rebuild left out');
  else if (result === 'waiting') log.warn(facts, 'scheduled rebuild waits for Slurm');
  else log.error(facts, 'scheduled rebuild could not start');
}
