import { parse } from 'node-cron';

import { CtmgrError } from '../util/errors.ts';
import type { Schedule } from './schedules.ts';

/** The numbers that each field of a cron expression allows; undefined: all of them. Weekdays are 0 (Sunday) to 6. */
export interface PortableFields {
  seconds: number[] | undefined;
  minutes: number[] | undefined;
  hours: number[] | undefined;
  days: number[] | undefined;
  months: number[] | undefined;
  weekdays: number[] | undefined;
}

/**
 * A schedule's times in plain numbers, which every other scheduler can be told. Throws CtmgrError `failed` for what only
 * node-cron knows: L, W and #.
 */
export function portableFields(schedule: Schedule): PortableFields {
  const fields = parse(schedule.cron);
  const numbers = (values: (number | string)[], first: number, last: number): number[] | undefined => {
    const plain = values.map(Number);
    if (plain.some((value) => !Number.isInteger(value))) {
      throw cannotSay(schedule, 'L, W and # are there in no other scheduler');
    }
    const sorted = [...new Set(plain)].sort((a, b) => a - b);
    return sorted.length > last - first ? undefined : sorted;
  };
  return {
    seconds: numbers(fields.second, 0, 59),
    minutes: numbers(fields.minute, 0, 59),
    hours: numbers(fields.hour, 0, 23),
    days: numbers(fields.dayOfMonth, 1, 31),
    months: numbers(fields.month, 1, 12),
    weekdays: numbers(fields.dayOfWeek, 0, 6),
  };
}

/** `1,2,3,7` as `1-3,7`, with the given sign for a range; `*` for all. */
export function fieldText(values: number[] | undefined, sign: '-' | '..', name: (value: number) => string): string {
  if (values === undefined) return '*';
  const runs: [first: number, last: number][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === value - 1) run[1] = value;
    else runs.push([value, value]);
  }
  return runs.map(([first, last]) => (first === last ? name(first) : `${name(first)}${sign}${name(last)}`)).join(',');
}

/** The refusal to print a schedule for another scheduler. */
export function cannotSay(
  schedule: Schedule,
  why: string,
  hint = 'write it in another way, or let `ctmgr service` run it',
): CtmgrError {
  return new CtmgrError('failed', `the schedule ${schedule.name} (${schedule.cron}) cannot be said there`, {
    why,
    hint,
  });
}
