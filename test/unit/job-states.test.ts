import { describe, expect, test } from '@jest/globals';
import { interpretState, type Phase } from '../../lib/slurm/job-states.ts';

const phases: Record<Exclude<Phase, 'ended'>, string[]> = {
  queued: ['PENDING', 'CONFIGURING', 'REQUEUE_FED', 'RESV_DEL_HOLD', 'POWER_UP_NODE', 'REQUEUED', 'EXPEDITING'],
  held: ['REQUEUE_HOLD', 'SPECIAL_EXIT'],
  running: ['RUNNING', 'RESIZING', 'SIGNALING', 'STAGE_OUT', 'COMPLETING', 'SUSPENDED', 'STOPPED'],
  unknown: ['REVOKED', 'UNKNOWN', '?', '', 'NEWSTATE', 'OUT_OF_ME+', 'R'],
};

describe('interpretState', () => {
  test.each(Object.entries(phases).flatMap(([phase, states]) => states.map((state) => [state, phase])))(
    '%j is %s and has no outcome',
    (state, phase) => {
      expect(interpretState(state, 0, 0)).toMatchObject({ state, phase });
      expect(interpretState(state, 0, 0)).not.toHaveProperty('outcome');
    },
  );

  test.each([
    ['COMPLETED', 'completed'],
    ['FAILED', 'failed'],
    ['OUT_OF_MEMORY', 'oom'],
    ['TIMEOUT', 'timeout'],
    ['DEADLINE', 'timeout'],
    ['CANCELLED', 'cancelled'],
  ] as const)('%s has ended: %s', (state, outcome) => {
    expect(interpretState(state, 0, 0)).toEqual({ state, phase: 'ended', outcome });
  });

  test.each([
    ['NODE_FAIL', 'node'],
    ['BOOT_FAIL', 'node'],
    ['LAUNCH_FAILED', 'infrastructure'],
    ['RECONFIG_FAIL', 'infrastructure'],
    ['PREEMPTED', 'infrastructure'],
  ] as const)('%s has ended unless it is requeued: %s', (state, outcome) => {
    expect(interpretState(state, 0, 0)).toEqual({ state, phase: 'ended', outcome, provisional: true });
  });

  test('a requeued record has to be confirmed by the queue', () => {
    expect(interpretState('REQUEUED')).toEqual({ state: 'REQUEUED', phase: 'queued', provisional: true });
  });

  test('who cancelled is kept apart from the state', () => {
    expect(interpretState('CANCELLED by 1000', 0, 15)).toEqual({
      state: 'CANCELLED',
      phase: 'ended',
      outcome: 'cancelled',
      cancelledBy: 1000,
    });
  });

  test.each([52, 53, 54])('FAILED 0:%d never ran: infrastructure', (signal) => {
    expect(interpretState('FAILED', 0, signal).outcome).toBe('infrastructure');
  });

  test.each([
    [1, 0],
    [53, 0],
    [0, 9],
    [1, 53],
  ])('FAILED %d:%d is a failure of the job itself', (exitCode, signal) => {
    expect(interpretState('FAILED', exitCode, signal).outcome).toBe('failed');
  });

  test('a launch signal changes nothing but FAILED', () => {
    expect(interpretState('CANCELLED by 0', 0, 53).outcome).toBe('cancelled');
    expect(interpretState('RUNNING', 0, 53)).toEqual({ state: 'RUNNING', phase: 'running' });
  });
});
