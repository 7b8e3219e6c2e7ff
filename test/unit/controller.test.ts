import { describe, expect, test } from '@jest/globals';
import { cancelArguments } from '../../lib/slurm/cancel.ts';
import { isAtLeast, parseControllerConfig, parseVersion } from '../../lib/slurm/controller.ts';

describe('parseVersion', () => {
  test.each([
    ['slurm-wlm 22.05.8\n', 22, 5, '22.05.8'],
    ['slurm 24.11.5\n', 24, 11, '24.11.5'],
    ['slurm 25.11.0-0rc1\n', 25, 11, '25.11.0-0rc1'],
    ['Site news!\nslurm 23.02.7\n', 23, 2, '23.02.7'],
  ])('%j', (text, major, minor, version) => {
    expect(parseVersion(text)).toEqual({ major, minor, text: version });
  });

  test.each(['', 'pbs_version = 20.0.1', 'slurm'])('%j is none', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  test('isAtLeast compares year and month', () => {
    const version = { major: 23, minor: 2, text: '23.02.7' };
    expect([
      isAtLeast(version, 23, 2),
      isAtLeast(version, 22, 5),
      isAtLeast(version, 23, 11),
      isAtLeast(version, 24, 5),
    ]).toEqual([true, true, false, false]);
  });
});

describe('parseControllerConfig', () => {
  const text = `Configuration data as of 2026-11-22T17:10:00
AccountingStorageHost   = 127.0.0.1
ClusterName             = cluster
MaxArraySize            = 1001
MaxJobCount             = 10000
MinJobAge               = 300 sec
SchedulerParameters     = batch_sched_delay=0,max_array_tasks=500,bf_interval=5
SLURM_CONF              = /etc/slurm/slurm.conf

Slurmctld(primary) at mgmt is UP
`;

  test('reads the limits', () => {
    expect(parseControllerConfig(text)).toEqual({
      maxArraySize: 1001,
      maxArrayTasks: 500,
      maxJobCount: 10_000,
      minJobAge: 300,
      clusterName: 'cluster',
    });
  });

  test('what is not there is not made up', () => {
    expect(parseControllerConfig('MaxArraySize            = 20\nSchedulerParameters     = (null)\n')).toEqual({
      maxArraySize: 20,
    });
    expect(parseControllerConfig('slurm_load_ctl_conf error')).toBeUndefined();
  });
});

describe('cancelArguments', () => {
  test('whole arrays and elements', () => {
    const targets = [{ arrayJobId: 7 }, { arrayJobId: 8, indices: [3, 1, 2, 9] }, { arrayJobId: 9, indices: [] }];
    expect(cancelArguments(targets)).toEqual([['7', '8_[1-3,9]']]);
    expect(cancelArguments([])).toEqual([]);
  });

  test('a list too long for one command is cut', () => {
    const targets = Array.from({ length: 30_000 }, (_, position) => ({ arrayJobId: 1_000_000 + position }));
    const calls = cancelArguments(targets);
    expect(calls.length).toBe(3);
    expect(calls.flat()).toEqual(targets.map(({ arrayJobId }) => String(arrayJobId)));
    for (const call of calls) expect(call.join(' ').length).toBeLessThan(128 * 1024);
  });
});
