import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cancelBuilds } from '../../lib/builds/cancel-builds.ts';
import { retireName } from '../../lib/builds/choose-current.ts';
import { type PassReport, pollOnce } from '../../lib/builds/poll.ts';
import { planRetry, startRetry } from '../../lib/builds/retry-builds.ts';
import { submitPlannedArray } from '../../lib/builds/submit-array.ts';
import { claimLink, resultFile, taskFolder } from '../../lib/builds/tag-folders.ts';
import { attemptsOf } from '../../lib/store/attempts.ts';
import { arraysOfTag, type BuildArray, markSubmitting, releaseArray } from '../../lib/store/build-arrays.ts';
import { changeInstance, type Instance, instancesOfTag } from '../../lib/store/instances.ts';
import { epochSeconds } from '../../lib/util/clock.ts';
import { processIdentity } from '../../lib/util/process-identity.ts';
import { buildImage, importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

/** sbatch gives the ids 1, 2, …; what sacct and squeue say are two files; every call is a line of `calls`. */
const standIn = (tool: string): string => `#!/bin/sh
folder=\${0%/bin/*}
[ "$1" = --version ] && { echo 'slurm 24.11.5'; exit 0; }
echo "${tool} $*" >>"$folder/calls"
[ ${tool} != sbatch ] || { cat >/dev/null; grep -c ^sbatch "$folder/calls"; exit 0; }
cat "$folder/${tool}.txt" 2>/dev/null || true
`;

/** Goes on where the test site's own configuration ends, in [classes.default]. */
const moreConfig = 'larger = "big"\n[classes.big]\nmemory = "8G"\n[retry]\ninfrastructure = 1\ndelay = 60';

let site: TestSite;
let tag: { id: number; name: string };

beforeEach(async () => {
  site = await makeTestSite(moreConfig);
  const bin = join(site.folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['sbatch', 'sacct', 'squeue', 'scancel']) {
    writeFileSync(join(bin, tool), standIn(tool), { mode: 0o755 });
  }
  site = { ...site, slurm: { binDir: bin, timeout: 60_000 } };
  for (const name of ['app', 'tool']) await importOne(site, name);
  ({ tag } = await recordAll(site));
  writeFileSync(join(site.folder, 'calls'), '');
});

afterEach(async () => {
  await site.remove();
});

const arrays = (): Promise<BuildArray[]> => arraysOfTag(site.store, tag.id);
const app = async (): Promise<Instance> => named(await instancesOfTag(site.store, tag.id), 'app');
const calls = (tool: string): string[] =>
  readFileSync(join(site.folder, 'calls'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(tool));

async function submitFirst(): Promise<void> {
  for (const array of await arrays()) await submitPlannedArray(site, array);
}

/** What sacct prints of an element from now on. */
async function says(instance: Instance, state: string, exit = '0:0'): Promise<void> {
  const { job_id, array_index, marker } = instance;
  const now = epochSeconds();
  const fields = [`${job_id}_${array_index}`, state, exit, now, now, now, 'b1', 'None', marker];
  writeFileSync(join(site.folder, 'sacct.txt'), `${fields.join('\u001F')}\n`);
}

async function report(instance: Instance, kind: string, exitCode: number): Promise<void> {
  const { job_id, array_index } = instance;
  const now = epochSeconds();
  const common = { schema: 1, message: 'no', node: 'b1', job_id, index: array_index, started: now, ended: now };
  const result = { ...common, outcome: 'failure', kind, exit_code: exitCode, apptainer: '' };
  writeFileSync(resultFile(site.paths, instance), JSON.stringify(result));
}

async function endsWith(state: string): Promise<PassReport> {
  await says(await app(), state);
  return pollOnce(site);
}

describe('the retry policy', () => {
  beforeEach(submitFirst);

  test('gives a build whose node died a second attempt, and not a third one', async () => {
    const first = await app();
    const { transitions, submissions } = await endsWith('NODE_FAIL');
    expect(transitions).toEqual([
      {
        name: 'app',
        tag: tag.name,
        from: 'queued',
        to: 'pending',
        detail: expect.stringMatching(/^node: .*; attempt 2 follows$/),
      },
    ]);
    expect(submissions).toEqual([expect.stringContaining('1 image')]);
    const second = await app();
    expect(second).toMatchObject({ status: 'queued', attempt: 2, job_id: 2, array_index: 0, failure_kind: null });
    expect(second.message).toMatch(/^attempt 2 after node: the node failed on b1/);
    expect(calls('sbatch')[1]).toContain('--begin=now+60');
    expect(await attemptsOf(site.store, first.id)).toEqual([
      expect.objectContaining({ number: 1, status: 'failure', failure_kind: 'node', node: 'b1', array_index: 0 }),
    ]);
    await endsWith('NODE_FAIL');
    expect(await app()).toMatchObject({ status: 'failure', failure_kind: 'node', attempt: 2 });
    expect(calls('sbatch')).toHaveLength(2);
  });

  test('gives one that ran out of memory a larger class, once', async () => {
    await endsWith('OUT_OF_MEMORY');
    expect(await app()).toMatchObject({ status: 'queued', attempt: 2, class: 'big' });
    expect(calls('sbatch')[1]).toContain('--mem=8G');
    await endsWith('OUT_OF_MEMORY');
    expect(await app()).toMatchObject({ status: 'failure', failure_kind: 'oom' });
  });

  test('gives nothing to a recipe that is wrong', async () => {
    await report(await app(), 'build', 2);
    await pollOnce(site);
    expect(await app()).toMatchObject({ status: 'failure', failure_kind: 'build', attempt: 1 });
  });

  test('puts several of one array into one new array', async () => {
    for (const instance of await instancesOfTag(site.store, tag.id)) await report(instance, 'infrastructure', 1);
    await pollOnce(site);
    expect(calls('sbatch')).toHaveLength(2);
    expect(calls('sbatch')[1]).toContain('--array=0-1');
  });

  test('takes what an earlier attempt reports late only if it is an image', async () => {
    const first = await app();
    await report(first, 'infrastructure', 1);
    await pollOnce(site);
    const second = await app();
    expect(second).toMatchObject({ status: 'queued', attempt: 2 });
    expect((await pollOnce(site)).transitions).toEqual([]);
    writeFileSync(resultFile(site.paths, second), JSON.stringify(buildImage(site, second)));
    await pollOnce(site);
    expect(await app()).toMatchObject({ status: 'success', attempt: 2, message: null });
  });

  test('leaves the task as it is but for the claim', async () => {
    const first = await app();
    const staged = join(taskFolder(site.paths, first), 'published.abc.json');
    writeFileSync(staged, '{}');
    symlinkSync('1', claimLink(site.paths, first));
    await report(first, 'infrastructure', 1);
    await pollOnce(site);
    expect(existsSync(staged)).toBe(true);
    expect(() => readFileSync(claimLink(site.paths, first))).toThrow('ENOENT');
    const link = join(site.paths.tasks, tag.name, (await app()).marker, '0/recipe.def');
    expect(readFileSync(link, 'utf8')).toContain('debian:12');
  });

  test('a process that has read the first attempt cannot move the second one', async () => {
    const first = await app();
    await report(first, 'infrastructure', 1);
    await pollOnce(site);
    const end = { status: 'cancelled' as const };
    expect(await changeInstance(site.store, first.id, 'queued', end, first.attempt)).toBe(false);
    expect(await changeInstance(site.store, first.id, 'queued', end, 2)).toBe(true);
  });
});

describe('a retry that somebody asks for', () => {
  beforeEach(async () => {
    await submitFirst();
    await report(await app(), 'build', 2);
    await pollOnce(site);
  });

  test('builds what has failed in the same tag, and nothing else', async () => {
    const retries = await planRetry(site, tag, []);
    expect(retries.map(({ instance, next }) => [instance.name, next])).toEqual([
      ['app', { class: 'default', delay: 0 }],
    ]);
    expect((await startRetry(site, retries)).begun).toHaveLength(1);
    expect(await app()).toMatchObject({ status: 'queued', attempt: 2, tag: tag.name });
    // Of two who ask at once the second one comes too late.
    expect((await startRetry(site, retries)).begun).toEqual([]);
    expect(calls('sbatch')).toHaveLength(2);
    expect((await arrays()).map(({ state }) => state)).toEqual(['submitted', 'submitted', 'refused']);
  });

  test('leaves out what is retired, and refuses it by name', async () => {
    await retireName(site.store, 'app', { actor: 'tester', message: null });
    const refused = { code: 'inputMissing', message: 'app is retired' };
    await expect(planRetry(site, tag, ['app'])).rejects.toMatchObject(refused);
    await expect(planRetry(site, tag, [])).rejects.toMatchObject(refused);
  });

  test('is refused for what has not failed', async () => {
    await expect(planRetry(site, tag, ['tool'])).rejects.toMatchObject({ code: 'inputMissing', why: 'it is queued' });
    await expect(planRetry(site, tag, ['nobody'])).rejects.toMatchObject({ code: 'inputMissing' });
  });
});

describe('a cancellation', () => {
  test('of what is not submitted keeps it from being submitted', async () => {
    expect(await cancelBuilds(site, [await app()])).toMatchObject({ atOnce: [{ name: 'app' }], asked: [] });
    expect(await app()).toMatchObject({ status: 'cancelled', message: 'cancelled by tester' });
    await submitFirst();
    const { array_index } = named(await instancesOfTag(site.store, tag.id), 'tool');
    expect(calls('sbatch')).toEqual([expect.stringContaining(`--array=${array_index} `)]);
  });

  test('of everything that is not submitted submits nothing', async () => {
    await cancelBuilds(site, await instancesOfTag(site.store, tag.id));
    await submitFirst();
    expect(calls('sbatch')).toEqual([]);
    expect((await arrays())[0]?.state).toBe('refused');
  });

  test('while sbatch is being called is carried out by the poller', async () => {
    const [array] = await arrays();
    if (array === undefined) throw new Error('no array');
    const instance = await app();
    await markSubmitting(site.store, array.id, processIdentity(), epochSeconds());
    expect(await cancelBuilds(site, [instance])).toMatchObject({ atOnce: [], asked: [], inDoubt: [{ name: 'app' }] });
    mkdirSync(taskFolder(site.paths, instance), { recursive: true });
    symlinkSync('41', claimLink(site.paths, instance));
    await releaseArray(site.store, array.id, { message: '', missingSince: null });
    await pollOnce(site);
    await says(await app(), 'RUNNING');
    await pollOnce(site);
    expect(calls('scancel')).toEqual(['scancel 41_[0]']);
    await says(await app(), 'CANCELLED by 0');
    await pollOnce(site);
    expect(await app()).toMatchObject({ status: 'cancelled', message: 'cancelled by tester' });
  });

  test('is not undone by the retry policy, and an image that was quicker stays', async () => {
    await submitFirst();
    await cancelBuilds(site, await instancesOfTag(site.store, tag.id));
    expect(calls('scancel')).toEqual(['scancel 1_[0-1]']);
    const { array_index, ...rest } = named(await instancesOfTag(site.store, tag.id), 'tool');
    const tool = { array_index, ...rest };
    writeFileSync(resultFile(site.paths, tool), JSON.stringify(buildImage(site, tool)));
    await endsWith('NODE_FAIL');
    expect(await app()).toMatchObject({ status: 'failure', failure_kind: 'node', attempt: 1 });
    expect(named(await instancesOfTag(site.store, tag.id), 'tool')).toMatchObject({ status: 'success' });
  });
});

test('while sbatch is missing, as in an update of Slurm, nothing is called refused, and all is submitted when it is back', async () => {
  const sbatch = join(site.folder, 'bin/sbatch');
  rmSync(sbatch);
  for (const array of await arrays()) {
    expect(await submitPlannedArray(site, array)).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('sbatch'),
    });
  }
  expect(await app()).toMatchObject({ status: 'pending', failure_kind: null });
  writeFileSync(sbatch, standIn('sbatch'), { mode: 0o755 });
  const patient = { ...site, config: { ...site.config, poll: { ...site.config.poll, submit_settle: 0 } } };
  await pollOnce(patient);
  expect(await app()).toMatchObject({ status: 'queued' });
  expect(calls('sbatch')).toHaveLength(1);
});
