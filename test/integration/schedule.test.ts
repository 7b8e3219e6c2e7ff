import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runIfDue, runSchedule } from '../../lib/service/run-schedule.ts';
import { requireSchedule, type Schedule } from '../../lib/service/schedules.ts';
import { listBuildTags } from '../../lib/store/build-tags.ts';
import { changeInstance, instancesOfTag } from '../../lib/store/instances.ts';
import { claimSchedule, findScheduleState, setScheduleDue } from '../../lib/store/schedules.ts';
import { listTagHolds } from '../../lib/store/tag-holds.ts';
import { epochSeconds } from '../../lib/util/clock.ts';
import { processIdentity } from '../../lib/util/process-identity.ts';
import { withSlurm } from './support/slurm-files.ts';
import { importOne, makeTestSite, type TestSite } from './support/test-site.ts';

let site: TestSite;
let schedule: Schedule;

/** With a digest, so that no registry has to be asked for it. */
const base = `debian@sha256:${'a'.repeat(64)}`;

beforeEach(async () => {
  site = withSlurm(await makeTestSite('[schedules.s]\ncron = "0 2 * * *"\nnames = ["app", "lib-*"]'));
  for (const name of ['app', 'lib-a', 'lib-b', 'other']) await importOne(site, name, 'true', base);
  schedule = requireSchedule(site.config, 's');
  expect(await runIfDue(site, schedule)).toBeUndefined();
});

afterEach(async () => {
  await site.remove();
});

/** As if the schedule had been due so many seconds ago and nobody had looked since. */
async function dueSince(seconds: number): Promise<void> {
  await setScheduleDue(site.store, schedule, epochSeconds() - seconds);
}

async function tags(): Promise<{ name: string; created_by: string; images: string[] }[]> {
  const all = await listBuildTags(site.store);
  return Promise.all(
    all.map(async ({ id, name, created_by }) => {
      const images = (await instancesOfTag(site.store, id)).map((instance) => instance.name).sort();
      return { name, created_by, images };
    }),
  );
}

async function endAll(): Promise<void> {
  for (const tag of await listBuildTags(site.store)) {
    for (const { id, status } of await instancesOfTag(site.store, tag.id)) {
      await changeInstance(site.store, id, status, { status: 'cancelled' });
    }
  }
}

const state = () => findScheduleState(site.store, 's');

describe('a schedule that is due', () => {
  test('builds its own scope once and is due again at its next time', async () => {
    await dueSince(0);
    expect(await runIfDue(site, schedule)).toMatchObject({ result: 'started', message: null });
    expect(await tags()).toEqual([
      { name: expect.any(String), created_by: 'schedule:s', images: ['app', 'lib-a', 'lib-b'] },
    ]);
    expect(await runIfDue(site, schedule)).toBeUndefined();
    expect((await state())?.due_at).toBeGreaterThan(epochSeconds());
    expect(await state()).toMatchObject({ last_result: 'started', last_tag: (await tags())[0]?.name, runner: null });
  });

  test('is left out while the tag that it started before is unfinished', async () => {
    await dueSince(0);
    await runIfDue(site, schedule);
    // The next day.
    expect(await runSchedule(site, schedule)).toMatchObject({
      result: 'overlap',
      message: expect.stringMatching(/^\S+, which it started before, is not finished$/),
    });
    await endAll();
    expect(await runSchedule(site, schedule)).toMatchObject({ result: 'started' });
    expect(await tags()).toHaveLength(2);
  });

  test.each([
    ['run', 'started', 1],
    ['skip', 'missed', 0],
  ] as const)('makes up for days of missed runs as it says: %s', async (missed, result, count) => {
    await dueSince(5 * 86_400);
    expect(await runIfDue(site, { ...schedule, missed })).toMatchObject({ result });
    await endAll();
    expect(await runIfDue(site, { ...schedule, missed })).toBeUndefined();
    expect(await tags()).toHaveLength(count);
  });

  test('misses nothing by a short restart', async () => {
    await dueSince(30);
    expect(await runIfDue(site, { ...schedule, missed: 'skip' })).toMatchObject({ result: 'started' });
  });

  test('waits for Slurm, and has not missed its time by that', async () => {
    writeFileSync(join(site.folder, 'down'), '');
    await dueSince(0);
    const skipping: Schedule = { ...schedule, missed: 'skip' };
    expect(await runIfDue(site, skipping)).toMatchObject({
      result: 'waiting',
      message: expect.stringContaining('Unable to contact slurm controller'),
    });
    await setScheduleDue(site.store, schedule, epochSeconds() - 3600);
    rmSync(join(site.folder, 'down'));
    expect(await runIfDue(site, skipping)).toMatchObject({ result: 'started' });
  });

  test('is not started a second time when a crash kept the first one from being written down', async () => {
    const due = epochSeconds();
    await setScheduleDue(site.store, schedule, due);
    await runIfDue(site, schedule);
    await endAll();
    // What the crash left: the tag is there, the schedule still due and claimed by a process that is dead.
    await setScheduleDue(site.store, schedule, due);
    await claimSchedule(site.store, 's', null, processIdentity().replace(/\d+$/, '1'));
    expect(await runIfDue(site, schedule)).toMatchObject({ result: 'started', tag: (await tags())[0]?.name });
    expect(await tags()).toHaveLength(1);
  });

  test('is started by one of two processes', async () => {
    const other = processIdentity().replace(/:\d+:.*/, `:${process.ppid}:`);
    const start = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    const ticks = start.slice(start.lastIndexOf(')') + 2).split(' ')[19];
    await claimSchedule(site.store, 's', null, `${other}${ticks}`);
    expect(await runSchedule(site, schedule)).toEqual({
      result: 'overlap',
      message: 'another process is starting it',
      tag: null,
    });
    expect(await tags()).toEqual([]);
  });
});

test('a schedule whose time was changed does not make up for the old one', async () => {
  await dueSince(86_400);
  expect(await runIfDue(site, { ...schedule, cron: '0 3 * * *' })).toBeUndefined();
  expect(await tags()).toEqual([]);
});

test('a schedule can be of classes only, and holds what it builds if it says so', async () => {
  await runSchedule(site, { ...schedule, names: [], classes: ['default'], hold: true });
  expect((await tags())[0]?.images).toHaveLength(4);
  expect(await listTagHolds(site.store)).toMatchObject([{ state: 'held' }]);
});

test.each([
  [{ names: ['nope'], classes: [] }, 'there is no recipe nope'],
  [{ names: ['x-*'], classes: [] }, 'no recipe is in its scope'],
  [{ names: [], classes: ['large'] }, 'no recipe is in its scope'],
])('a scope with nothing in it is told: %j', async (scope, words) => {
  await dueSince(0);
  expect(await runIfDue(site, { ...schedule, ...scope })).toMatchObject({
    result: 'failed',
    message: expect.stringContaining(words),
  });
  expect((await state())?.due_at).toBeGreaterThan(epochSeconds());
});
