import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { cancelVerification } from '../../lib/builds/cancel-verification.ts';
import { pollOnce } from '../../lib/builds/poll.ts';
import { pollVerifications } from '../../lib/builds/poll-verifications.ts';
import { recordVerification } from '../../lib/builds/record-verification.ts';
import { confirmSubmission } from '../../lib/builds/submit-array.ts';
import { contextArchive } from '../../lib/definitions/import-recipe.ts';
import { renderVersion } from '../../lib/definitions/render-version.ts';
import { arraysOfTag, markSubmitting } from '../../lib/store/build-arrays.ts';
import { changeVerification, findVerification } from '../../lib/store/verifications.ts';
import { epochSeconds } from '../../lib/util/clock.ts';
import { processIdentity } from '../../lib/util/process-identity.ts';
import { importOne, makeTestSite, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;

/** Refuses whatever it is given. */
const sbatch = `#!/bin/sh
[ "$1" != --version ] || { echo 'slurm 24.11.5'; exit 0; }
echo 'sbatch: error: Batch job submission failed: Invalid account' >&2
exit 1
`;

beforeEach(async () => {
  site = await makeTestSite();
  const binDir = join(site.folder, 'refusing');
  mkdirSync(binDir);
  writeFileSync(join(binDir, 'sbatch'), sbatch, { mode: 0o755 });
  site = { ...site, slurm: { binDir, timeout: 60_000 } };
});

afterEach(() => site.remove());

async function record() {
  const rendered = await renderVersion(site.store, 'app', undefined, site.config);
  return recordVerification(site.store, rendered, site.config, 'tester');
}

describe('verifications', () => {
  it('are kept for some days; then their logs and the files that only they needed go', async () => {
    await importOne(site, 'app');
    const [old, recent] = [await record(), await record()];
    expect([old.name, recent.name].map((name) => name.split('.')[1])).toEqual(['1', '2']);
    const digest = `sha256:${'a'.repeat(64)}`;
    const manifest = JSON.stringify({ entries: [], digest });
    const day = 86_400;
    const end = (days: number) => ({ status: 'success' as const, ended_at: epochSeconds() - days * day });
    await changeVerification(site.store, old, { ...end(8), context_manifest: manifest });
    await changeVerification(site.store, recent, end(6));
    const archive = contextArchive(site.paths.contexts, digest);
    mkdirSync(site.paths.contexts);
    writeFileSync(archive, '');
    for (const { name } of [old, recent]) mkdirSync(join(site.paths.logs, name));
    expect(await pollVerifications(site)).toEqual({ problems: [] });
    expect(await findVerification(site.store, old.name)).toBeUndefined();
    expect(await findVerification(site.store, recent.name)).toBeDefined();
    expect([old, recent].map(({ name }) => existsSync(join(site.paths.logs, name)))).toEqual([false, true]);
    expect(existsSync(archive)).toBe(false);
  });

  it('that the share is in no state for hold up nobody: what could not be done is told and done later', async () => {
    await importOne(site, 'app');
    const [waiting, ended, old] = [await record(), await record(), await record()];
    await changeVerification(site.store, ended, { status: 'queued', job_id: 41, attempted_at: 1 });
    await changeVerification(site.store, old, { status: 'success', ended_at: 1 });
    const results = join(site.paths.results, ended.name);
    mkdirSync(results);
    const facts = { node: 'b1', job_id: 41, index: 0, started: 1, ended: epochSeconds(), apptainer: '1.4.5' };
    const result = { schema: 1, outcome: 'failure', kind: 'build', exit_code: 1, message: 'make failed', ...facts };
    writeFileSync(join(results, '0.json'), JSON.stringify(result));
    rmSync(site.paths.tasks, { recursive: true });
    writeFileSync(site.paths.tasks, 'a file, so that all in it is ENOTDIR');
    const { problems } = await pollOnce(site);
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^cannot submit ${waiting.name} now: .*: ENOTDIR`)),
      expect.stringMatching(new RegExp(`^cannot clear away the task of ${ended.name} now: ENOTDIR`)),
      expect.stringMatching(new RegExp(`^cannot clear away ${old.name} now: ENOTDIR`)),
    ]);
    expect(await findVerification(site.store, ended.name)).toMatchObject({ status: 'failure', message: 'make failed' });
    rmSync(site.paths.tasks);
    mkdirSync(site.paths.tasks);
    expect(await pollOnce(site)).toMatchObject({ problems: [], unfinished: 0 });
    expect(await findVerification(site.store, old.name)).toBeUndefined();
  });

  it('that Slurm refuses have failed, and say why', async () => {
    await importOne(site, 'app');
    const { name } = await record();
    expect(await pollVerifications(site)).toEqual({ problems: [] });
    expect(await findVerification(site.store, name)).toMatchObject({
      status: 'failure',
      failure_kind: 'infrastructure',
      message: expect.stringContaining('Slurm refused the job'),
      job_id: null,
    });
  });

  it('are not called failed while sbatch is missing', async () => {
    rmSync(join(site.slurm.binDir ?? '', 'sbatch'));
    await importOne(site, 'app');
    const { name } = await record();
    expect((await pollVerifications(site)).problems).toEqual([expect.stringContaining('cannot find out which Slurm')]);
    expect(await findVerification(site.store, name)).toMatchObject({ status: 'pending', failure_kind: null });
  });

  it('are asked about together with builds: one sacct and one squeue', async () => {
    const bin = join(site.folder, 'bin');
    mkdirSync(bin);
    for (const tool of ['sacct', 'squeue']) {
      writeFileSync(join(bin, tool), `#!/bin/sh\necho "${tool} $*" >>"$\{0%/bin/*}/calls"\n`, { mode: 0o755 });
    }
    const asking = { ...site, slurm: { binDir: bin, timeout: 60_000 } };
    await importOne(site, 'app');
    const { tag } = await recordAll(site);
    const [array] = await arraysOfTag(site.store, tag.id);
    await markSubmitting(site.store, array?.id ?? 0, processIdentity(), 0);
    if (array !== undefined) await confirmSubmission(site, array, { jobId: 41 });
    mkdirSync(join(site.paths.results, tag.name), { recursive: true });
    for (const job_id of [42, 43]) {
      const verification = await record();
      await changeVerification(site.store, verification, { status: 'queued', job_id, attempted_at: 1 });
      mkdirSync(join(site.paths.results, verification.name));
    }
    expect(await pollOnce(asking)).toMatchObject({ problems: [], unfinished: 3 });
    const calls = readFileSync(join(site.folder, 'calls'), 'utf8').trim().split('\n');
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['sacct', 'squeue']);
    expect(calls[0]).toMatch(/41,42,43/);
  });

  it('can be cancelled: before they are submitted at once, later by Slurm, and not while nobody knows the job', async () => {
    await importOne(site, 'app');
    const waiting = await record();
    expect(await cancelVerification(site, waiting)).toEqual({ kind: 'at-once' });
    expect(await findVerification(site.store, waiting.name)).toMatchObject({
      status: 'cancelled',
      message: 'cancelled by tester',
    });
    const asked = { ...(await record()), attempted_at: 1 };
    expect(await cancelVerification(site, asked)).toEqual({ kind: 'in-doubt' });
    expect(await cancelVerification(site, { ...asked, job_id: 41 })).toMatchObject({ kind: 'silent' });
  });
});
