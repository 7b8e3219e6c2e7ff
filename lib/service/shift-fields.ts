import { cannotSay, type PortableFields } from './portable-fields.ts';
import type { Schedule } from './schedules.ts';

const hour = 3600_000;
const day = 1440;
const oneYear = 366 * 24;

/**
 * A schedule's times as the clock of another zone shows them. Throws CtmgrError `failed` where no fixed times would be right: if the
 * clocks of the two are not the same time apart all year, or if a date would have to change with the time.
 */
export function fieldsInZone(
  schedule: Schedule,
  fields: PortableFields,
  zone: string,
  now = Date.now(),
): PortableFields {
  const apart = minutesApart(schedule.timeZone, zone, now);
  if (apart === undefined) {
    throw cannotSay(
      schedule,
      `the clocks of ${schedule.timeZone} and of ${zone}, which this host has, are not the same time apart all year`,
      `give it time_zone = "${zone}", or let \`ctmgr service\` run it`,
    );
  }
  return apart === 0 ? fields : shiftFields(schedule, fields, apart);
}

/** Times that many minutes later. Throws as `fieldsInZone`. */
export function shiftFields(schedule: Schedule, fields: PortableFields, minutes: number): PortableFields {
  const times = (fields.hours ?? range(24)).flatMap((h) =>
    (fields.minutes ?? range(60)).map((m) => h * 60 + m + minutes),
  );
  const carries = [...new Set(times.map((time) => Math.floor(time / day)))];
  const clock = times.map((time) => time - day * Math.floor(time / day));
  const hours = plain(
    clock.map((time) => Math.floor(time / 60)),
    24,
  );
  const past = plain(
    clock.map((time) => time % 60),
    60,
  );
  if ((hours?.length ?? 24) * (past?.length ?? 60) !== clock.length) {
    throw cannotSay(schedule, 'its hours and minutes, seen from another time zone, are no hours and minutes');
  }
  const [carry = 0] = carries;
  const shifted = { ...fields, hours, minutes: past };
  const isDaily = fields.days === undefined && fields.months === undefined;
  if (isDaily && fields.weekdays === undefined) return shifted;
  if (carries.length > 1 || (carry !== 0 && !isDaily)) {
    throw cannotSay(schedule, 'in the time zone of this host it is partly on other days');
  }
  return {
    ...shifted,
    weekdays:
      fields.weekdays &&
      plain(
        fields.weekdays.map((weekday) => (weekday + carry + 7) % 7),
        7,
      ),
  };
}

/** How many minutes the clock of `there` is ahead of that of `here`; undefined if that changes within a year. */
function minutesApart(here: string, there: string, now: number): number | undefined {
  const [one, other] = [offsets(here), offsets(there)];
  const found = new Set<number>();
  for (let i = 0; i < oneYear; i += 1) found.add(other(now + i * hour) - one(now + i * hour));
  const [apart] = found;
  return found.size === 1 ? apart : undefined;
}

/** Minutes that the clock of a zone is ahead of UTC, by milliseconds since the epoch. */
function offsets(timeZone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return (time) => {
    const name = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0'] = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name) ?? [];
    return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Sorted, each once; undefined if they are all there are. */
function plain(values: number[], count: number): number[] | undefined {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  return sorted.length === count ? undefined : sorted;
}
