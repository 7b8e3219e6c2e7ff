import { type Launcher, runWords } from './crontab-lines.ts';
import { fieldText, portableFields } from './portable-fields.ts';
import type { Schedule } from './schedules.ts';

const weekdayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * A service and a timer unit for each schedule (systemd.timer(5), systemd.time(7)), one below the other, each with the name
 * of its file. `Persistent=` makes up for a missed run as `missed = "run"` does.
 */
export function systemdUnits(schedules: Schedule[], launcher: Launcher): string {
  return schedules.map((schedule) => unitsOf(schedule, launcher)).join('\n');
}

function unitsOf(schedule: Schedule, launcher: Launcher): string {
  const unit = `ctmgr-${schedule.name}`;
  return `# /etc/systemd/system/${unit}.service
[Unit]
Description=ctmgr: scheduled rebuild ${schedule.name}
[Service]
Type=oneshot
ExecStart=${runWords(launcher, schedule).map(systemdQuote).join(' ')}

# /etc/systemd/system/${unit}.timer
[Unit]
Description=ctmgr: scheduled rebuild ${schedule.name}
[Timer]
OnCalendar=${onCalendar(schedule)}
Persistent=${schedule.missed === 'run'}
[Install]
WantedBy=timers.target
# then: systemctl enable --now ${unit}.timer
`;
}

/** A schedule's times as systemd.time(7) writes them, with its time zone. */
export function onCalendar(schedule: Schedule): string {
  const { seconds, minutes, hours, days, months, weekdays } = portableFields(schedule);
  const text = (values: number[] | undefined): string => fieldText(values, '..', String);
  const time = [hours, minutes, seconds].map(text).join(':');
  const date = `*-${text(months)}-${text(days)}`;
  return [...(weekdays === undefined ? [] : [weekdayList(weekdays)]), date, time, schedule.timeZone].join(' ');
}

/** One by one: systemd begins the week on Monday, so that a range from Sunday on would be none. */
function weekdayList(weekdays: number[]): string {
  return weekdays.map((day) => weekdayNames[day]).join(',');
}

/** A word of ExecStart (systemd.service(5), COMMAND LINES): `%` and `$` are doubled, the rest is quoted. */
export function systemdQuote(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[A-Za-z0-9_%$@+=:,./-]+$/.test(plain)) return plain;
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
