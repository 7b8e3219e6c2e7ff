import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'smol-toml';
import * as v from 'valibot';

import { configSchema } from '../../lib/config/schema.ts';
import { crontabLines, scrontabLines } from '../../lib/service/crontab-lines.ts';
import { nextRuns } from '../../lib/service/next-runs.ts';
import { type Schedule, schedulesOf } from '../../lib/service/schedules.ts';
import { onCalendar, systemdQuote, systemdUnits } from '../../lib/service/systemd-units.ts';

const schedules = (toml: string): Schedule[] => schedulesOf(v.parse(configSchema, parse(toml)));

function one(cron: string, timeZone = 'Europe/Berlin'): Schedule {
  return { name: 'nightly', cron, timeZone, names: [], classes: [], missed: 'run', hold: false, changed: false };
}

describe('the schedules of the configuration', () => {
  test('have their own scope and options, and the time zone of the service if they have none', () => {
    expect(
      schedules(`
[service]
nightly = "0 2 * * *"
time_zone = "Europe/Berlin"
[schedules.weekly]
cron = "0 4 * * sun"
time_zone = "America/New_York"
names = ["app", "lammps-*"]
classes = ["large"]
missed = "skip"
hold = true
changed = true
`),
    ).toEqual([
      { ...one('0 2 * * *'), name: 'nightly' },
      {
        name: 'weekly',
        cron: '0 4 * * sun',
        timeZone: 'America/New_York',
        names: ['app', 'lammps-*'],
        classes: ['large'],
        missed: 'skip',
        hold: true,
        changed: true,
      },
    ]);
  });

  test.each([
    ['[service]\nnightly = "0 25 * * *"', 'service.nightly is no cron expression'],
    ['[schedules.x]\ncron = "* *"', 'schedules.x.cron is no cron expression'],
    ['[schedules.x]\ncron = "* * * * *"\ntime_zone = "Mars/Olympus"', 'schedules.x.time_zone is no time zone'],
    ['[service]\nnightly = "* * * * *"\n[schedules.nightly]\ncron = "* * * * *"', 'are both set'],
  ])('are refused where they mean nothing: %j', (toml, words) => {
    expect(() => schedules(toml)).toThrow(words);
  });
});

describe('next runs', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  const at = async (now: string, cron: string, timeZone: string): Promise<string[]> => {
    jest.useFakeTimers({ now: new Date(now) });
    const runs = await nextRuns({ cron, timeZone }, 3);
    return runs.map((seconds) => new Date(seconds * 1000).toISOString().slice(0, 16));
  };

  test('are those of the time zone', async () => {
    expect(await at('2026-11-22T12:00:00Z', '0 2 * * *', 'Asia/Kolkata')).toEqual([
      '2026-11-22T20:30',
      '2026-11-23T20:30',
      '2026-11-24T20:30',
    ]);
  });

  // Berlin: on 28 March 2027 02:00 CET becomes 03:00 CEST, on 25 October 2026 03:00 CEST becomes 02:00 CET.
  test('leave out a time that does not exist that day', async () => {
    expect(await at('2027-03-27T12:00:00Z', '30 2 * * *', 'Europe/Berlin')).toEqual([
      '2027-03-29T00:30',
      '2027-03-30T00:30',
      '2027-03-31T00:30',
    ]);
  });

  test('come once at a time that the clocks show twice', async () => {
    expect(await at('2026-10-24T12:00:00Z', '30 2 * * *', 'Europe/Berlin')).toEqual([
      '2026-10-25T01:30',
      '2026-10-26T01:30',
      '2026-10-27T01:30',
    ]);
  });
});

describe('for other schedulers', () => {
  const launcher = ['/usr/bin/env', "CTMGR_CONFIG=/etc/50% of it's.toml", '/opt/ctmgr'];

  test('a crontab has the time zone and no bare percent sign', () => {
    expect(crontabLines([one('*/20 22-2 * jan,feb mon-fri')], launcher)).toMatch(
      /^# .*\nCRON_TZ=Europe\/Berlin\n0,20,40 0-2,22-23 \* 1-2 1-5 \/usr\/bin\/env 'CTMGR_CONFIG=\/etc\/50\\% of it'\\''s\.toml' \/opt\/ctmgr schedule --run nightly\n$/,
    );
  });

  test('a scrontab has an #SCRON line for each', () => {
    expect(scrontabLines([one('0 2 * * *')], ['/opt/ctmgr'], 'Europe/Paris')).toMatch(
      /^# nightly: 0 2 \* \* \* in Europe\/Berlin\n#SCRON --job-name=ctmgr-nightly\n#SCRON --time=01:00:00\n0 2 \* \* \* \/opt\/ctmgr schedule --run nightly$/m,
    );
  });

  const fixed = (cron: string): Schedule => ({ ...one(cron), timeZone: 'Asia/Kolkata' });

  test.each([
    ['0 2 * * *', '30 20 * * *'],
    ['*/30 * * * *', '0,30 * * * *'],
    ['45 7,9 * * mon', '15 2,4 * * 1'],
    ['0 2 * * sun', '30 20 * * 6'],
    ['30 5 1 1 *', '0 0 1 1 *'],
  ])('a scrontab has %s as the clock of the controller shows it', (cron, expected) => {
    const line = scrontabLines([fixed(cron)], ['/opt/ctmgr'], 'UTC')
      .split('\n')
      .at(-2);
    expect(line).toBe(`${expected} /opt/ctmgr schedule --run nightly`);
  });

  test.each(['30 0-6 1 * *', '0,45 9 * * *', '30 4-6 * * sun'])('a scrontab cannot have %s of another zone', (cron) => {
    const why = expect.stringMatching(/hours and minutes|other days/);
    expect(() => scrontabLines([fixed(cron)], ['/opt/ctmgr'], 'UTC')).toThrow(expect.objectContaining({ why }));
  });

  test('a scrontab does not have times that would be wrong for half a year', () => {
    expect(() => scrontabLines([one('0 2 * * *')], ['/opt/ctmgr'], 'UTC')).toThrow(
      expect.objectContaining({ why: expect.stringContaining('not the same time apart all year') }),
    );
  });

  test.each([
    ['30 0 2 * * *', 'no seconds'],
    ['0 2 13 * fri', 'either'],
    ['0 2 L * *', 'no other scheduler'],
  ])('what cron understands otherwise is refused: %s', (cron, why) => {
    expect(() => crontabLines([one(cron)], launcher)).toThrow(
      expect.objectContaining({ code: 'failed', why: expect.stringContaining(why) }),
    );
  });

  test.each([
    ['0 2 * * *', '*-*-* 2:0:0 Europe/Berlin'],
    ['15 30 2 13 * fri', 'Fri *-*-13 2:30:15 Europe/Berlin'],
    ['*/15 0 * 1-3,5 sun,1-2', 'Sun,Mon,Tue *-1..3,5-* 0:0,15,30,45:0 Europe/Berlin'],
  ])('systemd gets %s as %s', (cron, expected) => {
    expect(onCalendar(one(cron))).toBe(expected);
  });

  test('systemd units call this ctmgr and make up for missed runs where the schedule does', () => {
    const units = systemdUnits([one('0 2 * * *'), { ...one('0 3 * * *'), name: 'x', missed: 'skip' }], launcher);
    expect(units).toContain(
      `ExecStart=/usr/bin/env "CTMGR_CONFIG=/etc/50%% of it's.toml" /opt/ctmgr schedule --run nightly\n`,
    );
    expect(units.match(/Persistent=.*/g)).toEqual(['Persistent=true', 'Persistent=false']);
  });

  test('a word of ExecStart keeps quotes, backslashes and dollar signs', () => {
    expect(systemdQuote('a "b" \\ $c')).toBe('"a \\"b\\" \\\\ $$c"');
  });
});
