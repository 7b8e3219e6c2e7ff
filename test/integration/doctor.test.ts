import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { checkAccount, checkContainerOption, checkNotifier } from '../../lib/service/doctor/check-doors.ts';
import { checkGroups } from '../../lib/service/doctor/check-groups.ts';
import { checkRegistries } from '../../lib/service/doctor/check-registries.ts';
import { checkSchedules } from '../../lib/service/doctor/check-schedules.ts';
import { checkShare, missingShare } from '../../lib/service/doctor/check-share.ts';
import { checkDaemons, checkPartitions, checkTools } from '../../lib/service/doctor/check-slurm.ts';
import { checkState, judgeDisk } from '../../lib/service/doctor/check-state.ts';
import type { Finding } from '../../lib/service/doctor/finding.ts';
import type { Schedule } from '../../lib/service/schedules.ts';
import type { SlurmTools } from '../../lib/slurm/slurm-tools.ts';
import type { ScheduleState } from '../../lib/store/schedules.ts';
import { makeTestSite, type TestSite } from './support/test-site.ts';

let site: TestSite;
let slurm: SlurmTools;

beforeEach(async () => {
  site = await makeTestSite();
  slurm = { binDir: join(site.folder, 'bin'), timeout: 60_000 };
  mkdirSync(join(site.folder, 'bin'));
  for (const name of ['sbatch', 'srun', 'squeue', 'sacct', 'scancel', 'scontrol', 'sinfo']) {
    tool(name, 'echo slurm 24.11.5');
  }
});

afterEach(async () => {
  await site.remove();
});

/** Puts a stand-in into the folder of Slurm's commands; returns its path. */
function tool(name: string, script: string): string {
  const path = join(site.folder, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** What is not good, as `state check: detail`; each has to say what to do. */
function complaints(findings: Finding[]): string[] {
  const bad = findings.filter(({ state }) => state === 'problem' || state === 'warning');
  for (const { fix } of bad) expect(fix).toMatch(/\w{3}/);
  return bad.map(({ state, check, detail }) => `${state} ${check}: ${detail}`);
}

describe('Slurm', () => {
  test('commands: missing, too old, of two versions', async () => {
    expect(complaints(await checkTools(slurm))).toEqual([]);
    tool('sacct', 'echo slurm 22.05.8');
    expect(complaints(await checkTools(slurm))).toEqual(['warning slurm commands: several versions: 24.11.5, 22.05.8']);
    for (const name of ['sbatch', 'srun', 'squeue', 'sacct', 'scancel', 'scontrol', 'sinfo']) {
      tool(name, 'echo slurm 21.08.8');
    }
    expect(complaints(await checkTools(slurm))).toEqual(['problem slurm commands: Slurm 21.08.8']);
    rmSync(join(site.folder, 'bin/sinfo'));
    expect(complaints(await checkTools(slurm))).toEqual([expect.stringMatching(/^problem slurm commands: .*sinfo/)]);
  });

  test('daemons: no slurmctld, no arrays, small ones, no accounting, no slurmdbd', async () => {
    const controller = (size: number, storage: string): void => {
      tool('scontrol', `echo 'MaxArraySize = ${size}'; echo 'AccountingStorageType = ${storage}'`);
    };
    const dbd = 'accounting_storage/slurmdbd';
    controller(1001, dbd);
    tool('sacct', 'true');
    expect(complaints(await checkDaemons(slurm))).toEqual([]);
    controller(0, dbd);
    expect(complaints(await checkDaemons(slurm))).toEqual(['problem job arrays: MaxArraySize is 0']);
    controller(10, 'accounting_storage/none');
    expect(complaints(await checkDaemons(slurm))).toEqual([
      'warning job arrays: MaxArraySize is 10',
      'problem accounting: there is none through slurmdbd: accounting_storage/none',
    ]);
    controller(1001, dbd);
    tool('sacct', 'echo "sacct: error: Connection refused" >&2; exit 1');
    expect(complaints(await checkDaemons(slurm))).toEqual([expect.stringMatching(/^problem accounting: .*refused/)]);
    tool('scontrol', 'echo "Unable to contact slurm controller" >&2; exit 1');
    expect(complaints(await checkDaemons(slurm))).toEqual([expect.stringMatching(/^problem slurmctld: /)]);
  });

  test('partitions: none, all nodes down, some down', () => {
    const node = (name: string, state: string) => ({
      node: name,
      partition: 'build',
      isDefault: false,
      state,
      usable: state === 'idle',
    });
    const config = { ...site.config, classes: { default: { ...site.config.classes['default'], partition: 'build' } } };
    const check = (...nodes: ReturnType<typeof node>[]): string[] =>
      complaints(checkPartitions(config as typeof site.config, nodes));
    expect(check(node('b1', 'idle'))).toEqual([]);
    expect(check()).toEqual(['problem build partition: Slurm has no such partition with nodes']);
    expect(check(node('b1', 'down'))).toEqual(['problem build partition: no node takes jobs: b1 is down']);
    expect(check(node('b1', 'idle'), node('b2', 'drained'))).toEqual(['warning build partition: b2 is drained']);
  });

  test('srun that knows nothing of images', async () => {
    expect(complaints([await checkContainerOption(60_000, tool('srun', 'true'))])).toEqual([
      'problem srun --container: the srun in PATH runs the command on the bare host',
    ]);
    const refusal = tool('srun', 'echo "ctmgr: there is no image" >&2; exit 66');
    expect(complaints([await checkContainerOption(60_000, refusal)])).toEqual([]);
  });
});

describe('this host', () => {
  test('service account: missing, root', () => {
    const as = (user: string) => complaints([checkAccount({ ...site.config, build: { ...site.config.build, user } })]);
    expect(as('nobody')).toEqual([]);
    expect(as('no-such-user')).toEqual(['problem service account: does not exist here']);
    expect(as('root')).toEqual(['problem service account: is root']);
  });

  test.each([
    [0x6969, 2 ** 40, ['problem database disk: is on NFS']],
    // As statfs(2) gives the large ones: negative.
    [0xff534d42 | 0, 2 ** 40, ['problem database disk: is on CIFS']],
    [0xef53, 2 ** 20, ['warning database disk: less than 100 MiB are free']],
    [0xef53, 2 ** 40, []],
  ])('database on a file system %i with %i bytes free', (type, free, expected) => {
    expect(complaints([judgeDisk('/var/lib/ctmgr', type, free)])).toEqual(expected);
  });

  test('database: open to everybody, no database, no folder', async () => {
    const serviceless = 'warning service: does not run here';
    chmodSync(site.paths.database, 0o660);
    expect(complaints(await checkState(site.paths))).toEqual([serviceless]);
    chmodSync(site.paths.database, 0o666);
    expect(complaints(await checkState(site.paths))).toEqual([
      'problem database mode: is open to everybody',
      serviceless,
    ]);
    const other = join(site.folder, 'other.db');
    writeFileSync(other, 'no database', { mode: 0o660 });
    expect(complaints(await checkState({ ...site.paths, database: other }))).toEqual([
      expect.stringMatching(/^problem database: /),
      serviceless,
    ]);
    expect(complaints(await checkState({ ...site.paths, database: '/nonexistent/ctmgr.db' }))).toEqual([
      expect.stringMatching(/^problem database disk: ENOENT/),
    ]);
  });

  test('share: folders that others may write, that are none, that are gone', async () => {
    const share = async (): Promise<string[]> =>
      complaints(await checkShare(site.config, site.paths)).map((line) => line.replace(/ENOENT.*/, 'ENOENT'));
    expect(await missingShare(site.paths)).toBeUndefined();
    for (const path of [site.paths.builds, site.paths.logs]) rmSync(path, { recursive: true });
    writeFileSync(site.paths.builds, '');
    const found = await share();
    expect(found).toContain('problem share: is no folder');
    expect(found.at(-1)).toBe('problem share: ENOENT');
    chmodSync(site.paths.share, 0o777);
    expect(await share()).toContain('problem share: others may write it (mode 777)');
    rmSync(site.paths.marker);
    const missing = await missingShare(site.paths);
    expect([missing?.state, missing?.detail]).toEqual(['problem', expect.stringMatching(/not mounted here/)]);
    expect(missing?.fix).toMatch(/^mount /);
  });

  test('schedules: how the last run went', () => {
    const schedules = ['a', 'b', 'c', 'd'].map((name) => ({ name }) as Schedule);
    const state = (name: string, last_result: string, last_message: string | null) =>
      ({ name, last_result, last_message, last_at: 1_800_000_000 }) as ScheduleState;
    const states = [state('a', 'started', null), state('b', 'failed', 'no space'), state('c', 'waiting', 'no Slurm')];
    expect(complaints(checkSchedules(schedules, [...states, state('gone', 'failed', 'x')]))).toEqual([
      expect.stringMatching(/^problem schedule: could not start at 2027-01-15 .*: no space$/),
      expect.stringMatching(/^warning schedule: waiting at .*: no Slurm$/),
    ]);
  });

  test('registry that does not answer, notifier that cannot be run, group that is gone', async () => {
    const settings = { insecure: [], timeout: 5000 };
    expect(complaints(await checkRegistries(['127.0.0.1:1/busybox:1'], settings))).toEqual([
      expect.stringMatching(/^warning registry: does not answer this host: /),
    ]);
    const notify = { ...site.config.notify, exec: ['/nonexistent/tell'] };
    expect(complaints(checkNotifier({ ...site.config, notify } as typeof site.config))).toEqual([
      expect.stringMatching(/^problem notifier: ENOENT/),
    ]);
    const image = { name: 'app', group: 'no-such-group', file: null, kind: 'dockerfile' } as const;
    expect(complaints(await checkGroups(site.paths, [image] as never))).toEqual([
      'problem group: does not exist, so nobody may read its images (app)',
    ]);
  });
});
