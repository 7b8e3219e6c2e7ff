import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { sql } from 'kysely';

import { pollOnce } from '../../lib/builds/poll.ts';
import { claimLink, logFiles, resultFile, taskFolder } from '../../lib/builds/tag-folders.ts';
import { arraysOfTag } from '../../lib/store/build-arrays.ts';
import { confirmSubmission } from '../../lib/builds/submit-array.ts';
import { insertEvent } from '../../lib/store/events.ts';
import { changeInstance, type Instance, instancesOfTag } from '../../lib/store/instances.ts';
import { epochSeconds } from '../../lib/util/clock.ts';
import { buildImage, importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

/** slurmdbd and slurmctld are two files here, which stand-ins for sacct and squeue print; without the file they fail. */
const standIn = (tool: string): string => `#!/bin/sh
cat "\${0%/bin/*}/${tool}.txt" 2>/dev/null || { echo "${tool}: error: cannot reach the daemon" >&2; exit 1; }
`;

let site: TestSite;
let instance: Instance;

beforeEach(async () => {
  site = await makeTestSite('[retry]\ninfrastructure = 0');
  const bin = join(site.folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['sacct', 'squeue']) writeFileSync(join(bin, tool), standIn(tool), { mode: 0o755 });
  site = { ...site, slurm: { binDir: bin, timeout: 60_000 } };
  await importOne(site, 'app');
  const { tag, instances } = await recordAll(site);
  for (const array of await arraysOfTag(site.store, tag.id)) await confirmSubmission(site, array, { jobId: 41 });
  instance = named(instances, 'app');
  mkdirSync(taskFolder(site.paths, instance), { recursive: true });
  mkdirSync(dirname(resultFile(site.paths, instance)), { recursive: true });
  says('sacct');
  says('squeue');
});

afterEach(async () => {
  await site.remove();
});

/** What a tool prints from now on; a line is written with `|` between the fields. */
function says(tool: 'sacct' | 'squeue', ...lines: string[]): void {
  const text = lines.map((line) => `${line.replaceAll('|', '\u001F')}\n`).join('');
  writeFileSync(join(site.folder, `${tool}.txt`), text);
}

function isDown(tool: 'sacct' | 'squeue'): void {
  rmSync(join(site.folder, `${tool}.txt`));
}

const accounting = (state: string, exit = '0:0', name = instance.marker): string =>
  `41_0|${state}|${exit}|1800000000|1800000001|1800000002|b1|None|${name}`;
const queue = (state: string, reason = 'None'): string =>
  `41_0|${state}|1800000000|1800000001|1800000002|b1|${reason}|${instance.marker}`;

async function stored(): Promise<Instance> {
  return named(await instancesOfTag(site.store, instance.build_tag_id), 'app');
}

/** One pass, and what the instance is then. */
async function poll(): Promise<string> {
  await pollOnce(site);
  const { status, failure_kind } = await stored();
  return failure_kind === null ? status : `${status} ${failure_kind}`;
}

/** As if the element had been missing for so many seconds already. */
async function missingFor(seconds: number): Promise<void> {
  const { status } = await stored();
  await changeInstance(site.store, instance.id, status, { missing_since: epochSeconds() - seconds });
}

function claim(): void {
  symlinkSync('41', claimLink(site.paths, instance));
}

function report(result: object): void {
  writeFileSync(resultFile(site.paths, instance), JSON.stringify(result));
}

describe('the way of a build', () => {
  test('queued, building, success, published and in the catalogue', async () => {
    expect(await poll()).toBe('queued');
    says('squeue', queue('PENDING', 'Resources'));
    expect(await poll()).toBe('queued');
    expect((await stored()).reason).toBe('Resources');
    says('sacct', accounting('RUNNING'));
    expect(await poll()).toBe('building');
    report(buildImage(site, instance));
    expect(await poll()).toBe('success');
    expect(readFileSync(join(site.paths.current, 'app.sif'), 'utf8')).toBe(`app:${instance.tag}`);
    expect(readFileSync(site.paths.catalogue, 'utf8')).toContain('"status":"success","current":true');
    expect((await pollOnce(site)).unfinished).toBe(0);
  });

  test('with slurmdbd down: squeue and the report are enough, nothing is called failed', async () => {
    isDown('sacct');
    says('squeue', queue('RUNNING'));
    expect(await poll()).toBe('building');
    says('squeue');
    await missingFor(10_000);
    expect(await poll()).toBe('building');
    report(buildImage(site, instance));
    expect(await poll()).toBe('success');
  });

  test('with all of Slurm down: the claim and the report are enough', async () => {
    isDown('sacct');
    isDown('squeue');
    claim();
    const { problems } = await pollOnce(site);
    expect(problems).toHaveLength(2);
    expect((await stored()).status).toBe('building');
    report(buildImage(site, instance));
    expect(await poll()).toBe('success');
  });
});

describe('bad ends', () => {
  test('a job id that Slurm has given to another job says nothing about ours', async () => {
    says('sacct', accounting('FAILED', '1:0', 'somebody-elses-job'));
    expect(await poll()).toBe('queued');
  });

  test('a dead node is a failure when the queue does not know of a requeue', async () => {
    claim();
    says('sacct', accounting('NODE_FAIL', '1:0'));
    isDown('squeue');
    expect(await poll()).toBe('building');
    says('squeue', queue('PENDING', 'BeginTime'));
    expect(await poll()).toBe('queued');
    says('sacct', accounting('RUNNING'));
    expect(await poll()).toBe('building');
    says('sacct', accounting('NODE_FAIL', '1:0'));
    says('squeue');
    expect(await poll()).toBe('failure node');
    expect((await stored()).node).toBe('b1');
  });

  test('the same when the queue still shows how it ended', async () => {
    claim();
    says('sacct', accounting('NODE_FAIL', '1:0'));
    says('squeue', queue('NODE_FAIL'));
    expect(await poll()).toBe('failure node');
  });

  test.each(['?', 'REVOKED', 'NEWSTATE'])(
    '%s says nothing: all stays as it was, and the reader is told',
    async (state) => {
      says('sacct', accounting('RUNNING'));
      expect(await poll()).toBe('building');
      says('sacct', accounting(state));
      await missingFor(10_000);
      const { problems } = await pollOnce(site);
      expect(problems).toEqual([expect.stringContaining(`Slurm says ${state} of app:`)]);
      expect((await stored()).status).toBe('building');
      // squeue may know more.
      says('squeue', queue('TIMEOUT'));
      expect(await poll()).toBe('failure timeout');
    },
  );

  test('who cancelled it is known a moment later: slurmctld of 22.05 takes five seconds to tell slurmdbd of a job', async () => {
    claim();
    const cancelled = (ended: number): string =>
      `41_0|CANCELLED|1800000000|1800000001|${ended}|b1|None|${instance.marker}`;
    says('squeue', cancelled(epochSeconds()));
    expect(await poll()).toBe('building');
    says('sacct', accounting('CANCELLED by 0'));
    expect(await poll()).toBe('cancelled');
    expect((await stored()).message).toBe('cancelled by root');
  });

  test('who cancelled it is not waited for long', async () => {
    claim();
    says('squeue', queue('CANCELLED'));
    expect(await poll()).toBe('cancelled');
  });

  test('a build killed for its memory', async () => {
    const { size: _size, sha256: _sha256, ...common } = buildImage(site, instance);
    const ended = epochSeconds();
    report({ ...common, ended, outcome: 'failure', kind: 'build', exit_code: 137, message: 'killed' });
    says('sacct', accounting('RUNNING'));
    expect(await poll()).toBe('queued');
    says('sacct', accounting('OUT_OF_MEMORY', '0:125'));
    expect(await poll()).toBe('failure oom');
  });

  test.each([
    'slurmstepd: error: StepId=41.batch exceeded memory limit (139452416 > 94371840), being killed',
    '[2026-11-22T15:27:46.038] error: Exceeded job memory limit',
  ])('a build that Slurm killed for its memory, which only its log tells: %s', async (line) => {
    const log = logFiles(site.paths, instance).err;
    mkdirSync(dirname(log), { recursive: true });
    claim();
    says('sacct', accounting('FAILED', '0:9'));
    writeFileSync(log, 'slurmstepd: error: *** JOB 41 ON b1 CANCELLED AT 2026-11-22T15:27:46 ***\n');
    expect(await poll()).toBe('queued');
    appendFileSync(log, `${'x'.repeat(9000)}\n${line}\n`);
    expect(await poll()).toBe('failure oom');
  });

  test('a report that cannot be read counts only when the job has ended', async () => {
    writeFileSync(resultFile(site.paths, instance), '{"schema":1,"outco');
    says('sacct', accounting('RUNNING'));
    expect(await poll()).toBe('building');
    says('sacct', accounting('COMPLETED'));
    expect(await poll()).toBe('failure infrastructure');
    expect((await stored()).message).toContain(resultFile(site.paths, instance));
  });

  test('an image that is not on the share gets time to show up', async () => {
    const result = buildImage(site, instance);
    rmSync(join(site.paths.builds, instance.tag, 'app.sif'));
    report(result);
    expect(await poll()).toBe('queued');
    await missingFor(10);
    buildImage(site, instance);
    expect(await poll()).toBe('success');
  });
});

describe('an element that Slurm does not know', () => {
  test('is given up after a while, and stays so until it reports after all', async () => {
    claim();
    expect(await poll()).toBe('building');
    await missingFor(840);
    expect(await poll()).toBe('building');
    await missingFor(900);
    expect(await poll()).toBe('lost');
    expect(await poll()).toBe('lost');
    report(buildImage(site, instance));
    expect(await poll()).toBe('success');
  });

  test('is not missing any more once it has been found', async () => {
    says('squeue', queue('PENDING'));
    await poll();
    await missingFor(800);
    await poll();
    expect((await stored()).missing_since).toBeNull();
  });

  test('is not given up because a pass did not ask', async () => {
    await missingFor(10_000);
    await pollOnce(site, false);
    const { status, missing_since } = await stored();
    expect(status).toBe('queued');
    expect(missing_since).not.toBeNull();
  });
});

test('a share that cannot be written is a problem of this pass only', async () => {
  report(buildImage(site, instance));
  rmdirSync(site.paths.current);
  writeFileSync(site.paths.current, 'in the way');
  const { problems, unfinished } = await pollOnce(site);
  expect(problems).toEqual([expect.stringContaining(`cannot publish app:${instance.tag} now`)]);
  expect(unfinished).toBe(1);
  rmSync(site.paths.current);
  mkdirSync(site.paths.current);
  expect(await poll()).toBe('success');
  expect(existsSync(join(site.paths.current, 'app.sif'))).toBe(true);
});

test('a database that cannot be written ends the pass, also when a good build is to be published', async () => {
  await poll();
  report(buildImage(site, instance));
  await sql`pragma max_page_count = 1`.execute(site.store);
  const fill = async (): Promise<never> => {
    for (;;) await insertEvent(site.store, { actor: 'root', kind: 'test.fill', subject: 'x' }, 1);
  };
  await expect(fill()).rejects.toThrow('cannot write the database');
  await expect(pollOnce(site)).rejects.toThrow('cannot write the database');
  await sql`pragma max_page_count = 1000000`.execute(site.store);
  expect(await poll()).toBe('success');
});
