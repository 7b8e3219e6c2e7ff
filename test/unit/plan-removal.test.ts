import { describe, expect, test } from '@jest/globals';
import { namedImages, planRemoval, type RemovalRules } from '../../lib/builds/plan-removal.ts';
import { activeJobs } from '../../lib/slurm/job-texts.ts';
import type { ImageOnDisk } from '../../lib/store/removals.ts';

const day = 86_400;
const now = 1_800_000_000;
const hex = 'a'.repeat(64);

/** Builds of `app`, oldest first, all old enough to go; `changes` by position. */
function builds(count: number, changes: Record<number, Partial<ImageOnDisk>> = {}): ImageOnDisk[] {
  return Array.from({ length: count }, (_, i) => ({
    id: i,
    buildTagId: i,
    name: 'app',
    tag: `2026-01-0${i + 1}.1`,
    group: null,
    file: `/srv/ctmgr/builds/2026-01-0${i + 1}.1/app.sif`,
    size: 1,
    sha256: hex,
    builtAt: now - 100 * day,
    currentUntil: null,
    current: false,
    pinned: false,
    retired: false,
    ...changes[i],
  }));
}

function removed(images: ImageOnDisk[], rules: Partial<RemovalRules> = {}): number[] {
  const plan = planRemoval(images, { keep: 0, grace: 10 * day, now, named: new Set(), ...rules });
  return plan.remove.map(({ image }) => image.id).sort((a, b) => a - b);
}

describe('images that go', () => {
  test('are all but the newest', () => {
    expect(removed(builds(5), { keep: 2 })).toEqual([0, 1, 2]);
    expect(removed(builds(5), { keep: 5 })).toEqual([]);
    expect(removed(builds(2))).toEqual([0, 1]);
  });

  test('are never the current or a pinned one', () => {
    expect(removed(builds(3, { 0: { current: true }, 1: { current: true, pinned: true } }))).toEqual([2]);
  });

  test('were neither built nor current in the grace period', () => {
    const young = { builtAt: now - 9 * day };
    const lately = { currentUntil: now - 9 * day };
    const longAgo = { currentUntil: now - 11 * day };
    expect(removed(builds(4, { 0: young, 1: lately, 2: longAgo }))).toEqual([2, 3]);
  });

  test('are not waited for by a gate', () => expect(removed(builds(2), { gated: new Set([1]) })).toEqual([0]));

  test('are named by no job', () => {
    const named = namedImages(['Comment=app:2026-01-01.1', `srun --container=app@sha256:${hex.replace('a', 'b')}`]);
    expect(removed(builds(2, { 1: { sha256: hex.replace('a', 'b') } }), { named })).toEqual([]);
    expect(removed(builds(2), { named })).toEqual([1]);
  });

  test('of a retired name are all, when they are old enough', () => {
    const retired = { retired: true };
    expect(removed(builds(2, { 0: retired, 1: { ...retired, currentUntil: now - day } }), { keep: 5 })).toEqual([0]);
  });

  test('are counted by name', () => {
    const images = [...builds(2), ...builds(2).map((image) => ({ ...image, id: image.id + 10, name: 'other' }))];
    expect(removed(images, { keep: 1 })).toEqual([0, 10]);
  });
});

describe('what jobs name', () => {
  test.each([
    ['#SBATCH -n1\nsrun --container=my-app.x:2026-11-22.12 true', 'my-app.x:2026-11-22.12'],
    [`apptainer exec "/srv/ctmgr/private/projx/builds/2026-11-22.1/app.sif" x`, 'app:2026-11-22.1'],
    [`Comment=pin=app@sha256:${hex},b`, `app@${hex}`],
  ])('%j', (text, image) => {
    expect([...namedImages([text])]).toEqual([image]);
  });
});

describe('jobs of scontrol', () => {
  test('that wait or run count, with the batch script of an array once', () => {
    const lines = [
      'JobId=57 JobName=a.sh JobState=RUNNING BatchFlag=1 Command=/tmp/a.sh Comment=img',
      'JobId=61 ArrayJobId=60 ArrayTaskId=0 JobState=PENDING BatchFlag=1',
      'JobId=59 JobName=x JobState=COMPLETING BatchFlag=0 Container=/bin/foo',
      'JobId=58 JobName=y JobState=COMPLETED BatchFlag=1',
      'StepId=57.0 UserId=1002 State=RUNNING Name=sleep Container=/b',
      'No jobs in the system',
      '',
    ];
    expect(activeJobs(lines.join('\n'))).toEqual([
      { text: lines[0], jobId: 57, batchJob: 57 },
      { text: lines[1], jobId: 60, batchJob: 60 },
      { text: lines[2], jobId: 59 },
      { text: lines[4] },
    ]);
  });
});
