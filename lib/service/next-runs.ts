import { createTask } from 'node-cron';

/**
 * The next `count` times, in seconds since the epoch, at which a cron expression matches in a time zone. With the change
 * to and from summer time it is as node-cron has it: a time that the clocks leave out does not match that day, and one
 * that they show twice matches once, the second time.
 */
export async function nextRuns(
  { cron, timeZone }: { cron: string; timeZone: string },
  count: number,
): Promise<number[]> {
  // A task that is never started has no timer; it is only asked.
  const task = createTask(cron, () => undefined, { timezone: timeZone });
  try {
    return task.getNextRuns(count).map((date) => date.getTime() / 1000);
  } finally {
    await task.destroy();
  }
}

/** The first of them. Throws an Error for an expression that never matches, such as the 30th of February. */
export async function nextRun(schedule: { cron: string; timeZone: string }): Promise<number> {
  const [next] = await nextRuns(schedule, 1);
  return next as number;
}
