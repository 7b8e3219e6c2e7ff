import { expect, test } from '@jest/globals';

import { changeFor } from '../../lib/builds/instance-change.ts';
import type { Instance } from '../../lib/store/instances.ts';

const now = 1_800_000_000;
const instance = { status: 'building', message: null, node: 'b1', started_at: now - 60, requeued_at: null } as Instance;
const lost = { kind: 'lost', message: 'nobody knows it' } as const;

test.each([
  ['the element says when it ended', { started: now - 90, ended: now - 30 }, [now - 90, now - 30]],
  ['nobody says when it ended', undefined, [now - 60, now]],
  ["Slurm's clock is ahead of ours", { started: now + 300 }, [now + 300, now + 300]],
])('no build ends before it starts: %s', (_what, facts, times) => {
  const { started_at, ended_at } = changeFor(lost, instance, facts, now);
  expect([started_at, ended_at]).toEqual(times);
});
