import { shellJoin } from '../util/shell-quote.ts';
import { cannotSay, fieldText, type PortableFields, portableFields } from './portable-fields.ts';
import type { Schedule } from './schedules.ts';
import { fieldsInZone } from './shift-fields.ts';

/** How the printed lines call ctmgr: the words in front of `schedule --run NAME`. */
export type Launcher = readonly string[];

/** The words that run a schedule from outside. */
export function runWords(launcher: Launcher, schedule: Schedule): string[] {
  return [...launcher, 'schedule', '--run', schedule.name];
}

/**
 * Lines for root's crontab (crontab(5)). CRON_TZ holds for the lines below it, and is there in cronie (RHEL, SUSE, Arch) but
 * not in the cron of Debian, which the first line says. cron runs what it missed never.
 */
export function crontabLines(schedules: Schedule[], launcher: Launcher): string {
  const lines = [
    '# ctmgr: for `crontab -e` of root. CRON_TZ is obeyed by cronie; Debian\u2019s cron keeps to the time of the host.',
  ];
  for (const schedule of schedules) {
    // A percent sign would end the command (crontab(5)).
    const command = shellJoin(runWords(launcher, schedule)).replaceAll('%', '\\%');
    lines.push(`CRON_TZ=${schedule.timeZone}`, `${cronTime(schedule, portableFields(schedule))} ${command}`);
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Lines for `scrontab` (scrontab(1)), each with what its job asks for. scrontab knows no time zones: the times are those of the
 * controller, which is taken to have the same `zone` as this host. The job has to run where the database is. Throws CtmgrError `failed`
 * for times that cannot be said in that zone.
 */
export function scrontabLines(
  schedules: Schedule[],
  launcher: Launcher,
  zone = new Intl.DateTimeFormat().resolvedOptions().timeZone,
): string {
  const lines = [
    '# ctmgr: for `scrontab` of root or the service account, with the management host as a node of the cluster:',
    `# name it, or a partition of it, in an #SCRON line. Slurm goes by the controller\u2019s clock: times are in ${zone}, as on this host.`,
  ];
  for (const schedule of schedules) {
    lines.push(
      `# ${schedule.name}: ${schedule.cron} in ${schedule.timeZone}`,
      `#SCRON --job-name=ctmgr-${schedule.name}`,
      '#SCRON --time=01:00:00',
      `${cronTime(schedule, fieldsInZone(schedule, portableFields(schedule), zone))} ${shellJoin(runWords(launcher, schedule))}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function cronTime(schedule: Schedule, fields: PortableFields): string {
  const { seconds, minutes, hours, days, months, weekdays } = fields;
  if (seconds?.length !== 1 || seconds[0] !== 0) throw cannotSay(schedule, 'cron knows no seconds');
  if (days !== undefined && weekdays !== undefined) {
    throw cannotSay(
      schedule,
      'with both a day of the month and a weekday cron takes either, and ctmgr only both together',
    );
  }
  return [minutes, hours, days, months, weekdays].map((field) => fieldText(field, '-', String)).join(' ');
}
