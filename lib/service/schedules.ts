import { validateDetailed } from 'node-cron';

import type { Config } from '../config/schema.ts';
import { CtmgrError } from '../util/errors.ts';

/** A schedule of the configuration with its defaults filled in and its texts checked. */
export interface Schedule {
  name: string;
  cron: string;
  timeZone: string;
  /** Names and globs of recipes; empty: all. */
  names: string[];
  /** Resource classes; empty: all. */
  classes: string[];
  /** What becomes of a run whose time passed while nothing could start it. */
  missed: 'run' | 'skip';
  /** Whether its tags wait for `ctmgr publish`. */
  hold: boolean;
  /** Whether only what has changed is built. */
  changed: boolean;
}

/** The schedule that `service.nightly` stands for. */
const nightlyName = 'nightly';

/** Who is written down for the tags that a schedule starts; no login name holds a colon (passwd(5)). */
export function scheduleActor(name: string): string {
  return `schedule:${name}`;
}

/**
 * The schedules of the configuration by name, `service.nightly` among them. Throws CtmgrError `configuration` for a cron
 * expression or a time zone that is none.
 */
export function schedulesOf(config: Config): Schedule[] {
  const { nightly, time_zone } = config.service;
  const schedules = Object.entries(config.schedules).map(([name, { time_zone: own, ...rest }]) =>
    checked({ name, ...rest, timeZone: own ?? time_zone }, `schedules.${name}`),
  );
  if (nightly !== undefined) {
    if (Object.hasOwn(config.schedules, nightlyName)) {
      throw new CtmgrError('configuration', 'service.nightly and schedules.nightly are both set', {
        hint: 'keep one of them',
      });
    }
    const all = { names: [], classes: [], missed: 'run' as const, hold: false, changed: false };
    schedules.push(checked({ name: nightlyName, cron: nightly, timeZone: time_zone, ...all }, 'service'));
  }
  return schedules.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The schedule of that name; throws CtmgrError `inputMissing` if there is none. */
export function requireSchedule(config: Config, name: string): Schedule {
  const found = schedulesOf(config).find((schedule) => schedule.name === name);
  if (found !== undefined) return found;
  throw new CtmgrError('inputMissing', `there is no schedule ${JSON.stringify(name)}`, { hint: 'ctmgr schedule' });
}

function checked(schedule: Schedule, table: string): Schedule {
  const { errors } = validateDetailed(schedule.cron);
  if (errors.length > 0) {
    const key = table === 'service' ? 'service.nightly' : `${table}.cron`;
    throw new CtmgrError('configuration', `${key} is no cron expression: ${JSON.stringify(schedule.cron)}`, {
      why: errors.map(({ message }) => message).join('; '),
      hint: 'minute hour day-of-month month day-of-week, such as "0 2 * * *"',
    });
  }
  if (!isTimeZone(schedule.timeZone)) {
    throw new CtmgrError('configuration', `${table}.time_zone is no time zone: ${JSON.stringify(schedule.timeZone)}`, {
      hint: 'a name of the IANA database, such as "Europe/Berlin"',
    });
  }
  return schedule;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
