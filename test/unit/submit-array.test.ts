import { describe, expect, test } from '@jest/globals';
import { parseVersion } from '../../lib/slurm/controller.ts';
import { type ArraySubmission, parseSubmitReply, submitArguments } from '../../lib/slurm/submit-array.ts';
import type { RunResult } from '../../lib/util/run.ts';

const v2205 = { major: 22, minor: 5, text: '22.05.8' };
const v2411 = { major: 24, minor: 11, text: '24.11.5' };
const v2511 = { major: 25, minor: 11, text: '25.11.0' };

const submission: ArraySubmission = {
  jobName: 'ctmgr-01jd',
  script: '#!/bin/sh\n',
  indices: [3, 1, 2, 9],
  workDir: '/srv/ctmgr/tasks/2026-11-22.1',
  output: '/srv/ctmgr/logs/2026-11-22.1/.%a.log',
  error: '/srv/ctmgr/logs/2026-11-22.1/.%a.err',
  resources: { extraArguments: [] },
};

describe('submitArguments', () => {
  test('the smallest submission', () => {
    expect(submitArguments(submission, v2411)).toEqual([
      '--parsable',
      '--requeue',
      '--open-mode=append',
      '--job-name=ctmgr-01jd',
      '--array=1-3,9',
      '--chdir=/srv/ctmgr/tasks/2026-11-22.1',
      '--output=/srv/ctmgr/logs/2026-11-22.1/.%a.log',
      '--error=/srv/ctmgr/logs/2026-11-22.1/.%a.err',
      '--export=NIL',
    ]);
  });

  test('everything there is', () => {
    const args = submitArguments(
      {
        ...submission,
        throttle: 4,
        user: { name: 'ctmgr', gid: 990 },
        resources: {
          partition: 'build',
          constraint: 'ssd&fast',
          cpus: 8,
          memory: '16G',
          time: '1-00:00:00',
          account: 'ops',
          qos: 'high',
          reservation: 'maint',
          exclusive: true,
          extraArguments: ['--nice=10', '--licenses=a:1'],
        },
      },
      v2205,
    );
    expect(args).toEqual([
      '--parsable',
      '--requeue',
      '--open-mode=append',
      '--job-name=ctmgr-01jd',
      '--array=1-3,9%4',
      '--uid=ctmgr',
      '--gid=990',
      '--chdir=/srv/ctmgr/tasks/2026-11-22.1',
      '--output=/srv/ctmgr/logs/2026-11-22.1/.%a.log',
      '--error=/srv/ctmgr/logs/2026-11-22.1/.%a.err',
      '--export=NONE',
      '--partition=build',
      '--constraint=ssd&fast',
      '--cpus-per-task=8',
      '--mem=16G',
      '--time=1-00:00:00',
      '--account=ops',
      '--qos=high',
      '--reservation=maint',
      '--exclusive',
      '--nice=10',
      '--licenses=a:1',
    ]);
  });

  test('an exclusive node comes with all of its memory', () => {
    const resources = { exclusive: true, extraArguments: [] };
    expect(submitArguments({ ...submission, resources }, v2411)).toEqual(
      expect.arrayContaining(['--mem=0', '--exclusive']),
    );
  });

  test('only 23.02 and newer know NIL', () => {
    const exported = (text: string) => {
      const version = parseVersion(text);
      if (version === undefined) throw new Error('not a version');
      return submitArguments(submission, version).find((argument) => argument.startsWith('--export='));
    };
    expect(exported('slurm-wlm 22.05.8')).toBe('--export=NONE');
    expect(exported('slurm 23.02.0')).toBe('--export=NIL');
    expect(exported('slurm 25.11.0-0rc1')).toBe('--export=NIL');
  });

  test('a value never becomes an option of its own', () => {
    const args = submitArguments({ ...submission, jobName: '--wrap=id', workDir: '-x; rm' }, v2511);
    expect(args).toEqual(expect.arrayContaining(['--job-name=--wrap=id', '--chdir=-x; rm']));
    expect(args).not.toContain('--wrap=id');
  });

  test('without indices there is nothing to submit', () => {
    expect(() => submitArguments({ ...submission, indices: [] }, v2411)).toThrow(RangeError);
  });
});

describe('parseSubmitReply', () => {
  const ended = (exitCode: number, stdout: string, stderr = ''): RunResult => ({
    command: ['sbatch'],
    stdout,
    stderr,
    exitCode,
    signal: undefined,
    timedOut: false,
    spawnError: undefined,
  });

  test('an id, with and without a cluster', () => {
    expect(parseSubmitReply(ended(0, '123\n'))).toEqual({ kind: 'accepted', jobId: 123 });
    expect(parseSubmitReply(ended(0, '123;tux\n'))).toEqual({ kind: 'accepted', jobId: 123, cluster: 'tux' });
  });

  test('a site talks before the id, and Slurm retries with a warning', () => {
    const warning = 'sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n';
    expect(parseSubmitReply(ended(0, 'Welcome!\n42 projects\n777\n', warning))).toEqual({
      kind: 'accepted',
      jobId: 777,
    });
    expect(parseSubmitReply(ended(0, '11\n777\nbye\n'))).toEqual({ kind: 'accepted', jobId: 777 });
  });

  test.each([
    'sbatch: error: Batch job submission failed: Invalid job array specification\n',
    'sbatch: error: invalid partition specified: x\nsbatch: error: Batch job submission failed: Invalid partition name specified\n',
    'sbatch: unrecognized option \'--foo\'\nTry "sbatch --help" for more information\n',
    'sbatch: error: Memory specification can not be satisfied\nsbatch: error: Batch job submission failed: Requested node configuration is not available\n',
    'sbatch: error: Batch job submission failed: Job dependency problem\n',
    'sbatch: error: --uid only permitted by root user\n',
    'sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified\n',
    "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)\n",
    'sbatch: fatal: --uid only permitted by root user\n',
  ])('refused: %j', (stderr) => {
    const reply = parseSubmitReply(ended(1, '', stderr));
    expect(reply.kind).toBe('refused');
    expect(reply).toHaveProperty('message', expect.stringContaining(stderr.split('\n')[0] ?? ''));
  });

  test.each([
    'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n',
    'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)\n',
    'sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received\n',
    'sbatch: error: Batch job submission failed: Communication connection failure\n',
    'sbatch: error: Batch job submission failed: Resource temporarily unavailable\n',
    'sbatch: error: Batch job submission failed: Protocol authentication error\n',
    'Segmentation fault\n',
    '',
  ])('in doubt: %j', (stderr) => {
    expect(parseSubmitReply(ended(1, '', stderr)).kind).toBe('unknown');
  });

  test('success without an id, and an id without success, are in doubt', () => {
    expect(parseSubmitReply(ended(0, 'Submitted batch job 12 on cluster tux\n')).kind).toBe('unknown');
    expect(parseSubmitReply(ended(1, '12\n', 'sbatch: error: Invalid --time specification\n')).kind).toBe('unknown');
  });

  test('a killed sbatch is in doubt, and so is one that could not be started now', () => {
    const killed = { ...ended(0, ''), exitCode: undefined, signal: 'SIGTERM', timedOut: true };
    expect(parseSubmitReply(killed)).toEqual({ kind: 'unknown', message: 'sbatch did not answer in time' });
    const missing = { ...ended(0, ''), exitCode: undefined, spawnError: 'spawn sbatch ENOENT' };
    expect(parseSubmitReply(missing)).toEqual({
      kind: 'unknown',
      message: 'sbatch could not be started: spawn sbatch ENOENT',
    });
    expect(parseSubmitReply({ ...missing, spawnError: 'spawn E2BIG' }).kind).toBe('refused');
  });
});
