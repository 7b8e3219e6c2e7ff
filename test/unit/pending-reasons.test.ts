import { describe, expect, test } from '@jest/globals';
import { explainReason } from '../../lib/slurm/pending-reasons.ts';

describe('a reason for which a job waits', () => {
  test.each([
    ['JobHeldAdmin', /scontrol release 41_3$/],
    ['JobHeldUser', /scontrol release 41_3$/],
    ['JobHoldMaxRequeue', /scontrol release 41_3$/],
    ['launch failed requeued held', /scontrol release 41_3$/],
    ['PartitionTimeLimit', /lower classes\.big\.time/],
    ['PartitionDown', /State=UP/],
    ['PartitionInactive', /State=UP/],
    ['BadConstraints', /correct classes\.big \(constraint/],
    ['ReqNodeNotAvail', /State=RESUME/],
    ['ReqNodeNotAvail, UnavailableNodes:b[1-2]', /State=RESUME/],
    ['ReqNodeNotAvail, Reserved for maintenance', /State=RESUME/],
    ['Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions', /sinfo -R/],
    ['AssocMaxJobsLimit', /raise the limit/],
    ['AssocGrpCpuLimit', /raise the limit/],
    ['QOSMaxJobsPerUserLimit', /raise the limit/],
    ['QOSGrpMemLimit', /raise the limit/],
    ['QOSMaxCpuPerJobLimit', /correct classes\.big/],
    ['AssocMaxMemPerJob', /correct classes\.big/],
    ['QOSMaxWallDurationPerJobLimit', /correct classes\.big/],
    ['InvalidAccount', /account, qos/],
    ['ReservationDeleted', /reservation/],
    ['DependencyNeverSatisfied', /cancel and retry/],
  ])('%s needs somebody', (reason, help) => {
    expect(explainReason(reason, '41_3', 'big')?.help).toMatch(help);
  });

  test.each([
    'Priority',
    'Resources',
    'None',
    'JobArrayTaskLimit',
    'BeginTime',
    'Dependency',
    'Licenses',
    'Cleaning',
    '',
  ])('%j passes by itself', (reason) => {
    expect(explainReason(reason, '41_3', 'big')).toBeUndefined();
  });
});
