import { join } from 'node:path';

import { makeBuildSite } from '../builds/build-site.ts';
import { defaultConfigPath } from '../config/load-config.ts';
import { packageRoot } from '../config/paths.ts';
import { reaches } from '../config/rights.ts';
import { crontabLines, scrontabLines } from '../service/crontab-lines.ts';
import { nextRuns } from '../service/next-runs.ts';
import { runSchedule } from '../service/run-schedule.ts';
import { requireSchedule, type Schedule, schedulesOf } from '../service/schedules.ts';
import { systemdUnits } from '../service/systemd-units.ts';
import { instancesOfTag } from '../store/instances.ts';
import { listScheduleStates, type ScheduleState } from '../store/schedules.ts';
import { epochSeconds, formatTime } from '../util/clock.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import type { Answer, Column, Context } from './context.ts';
import { countLine } from './progress-view.ts';

interface Arguments {
  'print-crontab'?: boolean;
  'print-scrontab'?: boolean;
  'print-systemd'?: boolean;
  run?: string;
}

const time = (value: unknown): string => formatTime(value as number | null);

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'cron', title: 'CRON' },
  { key: 'time_zone', title: 'TIME_ZONE' },
  { key: 'scope', title: 'SCOPE' },
  { key: 'options', title: 'OPTIONS' },
  { key: 'next', title: 'NEXT', show: time },
  { key: 'next_runs', title: 'NEXT_RUNS', shown: false, show: (runs) => (runs as number[]).map(time).join(' | ') },
  { key: 'last', title: 'LAST', show: time },
  { key: 'result', title: 'RESULT' },
  { key: 'tag', title: 'TAG' },
  { key: 'builds', title: 'BUILDS' },
  { key: 'message', title: 'MESSAGE' },
];

/** How many of the next runs are told. */
const shownRuns = 3;

/** `ctmgr schedule`: the schedules of the configuration, their next runs and how the last one went. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  if (argv.run !== undefined) return runNow(argv.run, context);
  const schedules = schedulesOf(context.config);
  const launcher = launcherOf(context);
  const prints = argv['print-crontab'] ?? argv['print-scrontab'] ?? argv['print-systemd'] ?? false;
  if (prints && context.config.service.schedules) {
    context.terminal.say('ctmgr: with this set service.schedules = false, or `ctmgr service` starts them as well');
  }
  if (argv['print-crontab'] === true) return { kind: 'text', text: crontabLines(schedules, launcher) };
  if (argv['print-scrontab'] === true) return { kind: 'text', text: scrontabLines(schedules, launcher) };
  if (argv['print-systemd'] === true) return { kind: 'text', text: systemdUnits(schedules, launcher) };
  const store = await context.store();
  const states = new Map((await listScheduleStates(store)).map((state) => [state.name, state]));
  const records = [];
  for (const schedule of schedules) {
    const state = states.get(schedule.name);
    const last =
      state === undefined || state.last_tag_id === null ? [] : await instancesOfTag(store, state.last_tag_id);
    records.push({ ...(await describe(schedule, state)), builds: last.length === 0 ? null : countLine(last) });
  }
  if (schedules.length > 0 && !context.config.service.schedules) {
    context.terminal.say('ctmgr: service.schedules is false: something else has to call `ctmgr schedule --run NAME`');
  }
  return { kind: 'table', columns, records, empty: 'There are no schedules: [schedules.NAME] in config.toml.' };
}

async function describe(schedule: Schedule, state: ScheduleState | undefined): Promise<Record<string, unknown>> {
  const { name, cron, timeZone, names, classes, missed, hold, changed } = schedule;
  const runs = await nextRuns(schedule, shownRuns);
  const scope = [...names, ...classes.map((one) => `class:${one}`)].join(' ');
  const isDue =
    state !== undefined && state.cron === cron && state.time_zone === timeZone && state.due_at <= epochSeconds();
  return {
    name,
    cron,
    time_zone: timeZone,
    scope: scope === '' ? 'all' : scope,
    options: [
      ...(changed ? ['changed'] : []),
      ...(hold ? ['hold'] : []),
      ...(missed === 'skip' ? ['missed=skip'] : []),
    ].join(' '),
    // What is overdue comes as soon as a service runs, or Slurm answers.
    next: isDue ? state.due_at : runs[0],
    next_runs: runs,
    last: state?.last_at ?? null,
    result: state?.last_result ?? null,
    tag: state?.last_tag ?? null,
    message: state?.last_message ?? null,
  };
}

async function runNow(name: string, context: Context): Promise<Answer> {
  if (!reaches(context.caller.level, 'root')) {
    throw new CtmgrError('notAllowed', 'starting a rebuild is for root', { hint: 'ctmgr schedule' });
  }
  const schedule = requireSchedule(context.config, name);
  const site = makeBuildSite(await context.store(), context.config, context.paths, context.caller.name);
  const { result, message, tag } = await runSchedule(site, schedule);
  if (result === 'waiting') throw new CtmgrError('unavailable', `the schedule ${name} could not start`, whyOf(message));
  if (result === 'failed') throw new CtmgrError('failed', `the schedule ${name} could not start`, whyOf(message));
  const done = tag === null ? 'No build tag was made.' : `Build tag ${tag} started.`;
  const text = result === 'started' ? done : `Left out: ${message}.`;
  const remark = result === 'started' && message !== null ? `${message}\n` : '';
  return {
    kind: 'record',
    record: { schedule: name, result, tag, message },
    text: `${text}\n${remark}`,
    exitCode: result === 'started' ? 0 : exitCodes.tryAgain,
  };
}

function whyOf(message: string | null): { why?: string; hint: string } {
  return { ...(message === null ? {} : { why: message }), hint: 'ctmgr doctor; ctmgr schedule' };
}

/** How another program calls this very ctmgr with this very configuration. */
function launcherOf({ loaded }: Context): string[] {
  const program = join(packageRoot(), 'bin', 'ctmgr');
  return loaded.path === defaultConfigPath ? [program] : ['/usr/bin/env', `CTMGR_CONFIG=${loaded.path}`, program];
}
