import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { queryAccounting } from '../../lib/slurm/accounting.ts';
import { cancelJobs } from '../../lib/slurm/cancel.ts';
import { queryController, slurmVersion } from '../../lib/slurm/controller.ts';
import { findJobsInAccounting, findJobsInQueue } from '../../lib/slurm/find-job.ts';
import { queryQueue } from '../../lib/slurm/queue.ts';
import type { SlurmTools } from '../../lib/slurm/slurm-tools.ts';
import { submitArray } from '../../lib/slurm/submit-array.ts';
import { setArrayThrottle } from '../../lib/slurm/throttle.ts';

let folder: string;
let slurm: SlurmTools;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-slurm-'));
  slurm = { binDir: folder, timeout: 20_000 };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a stand-in for one of Slurm's commands into place that notes its arguments, one per line, and then does `body`. */
function standIn(tool: string, body: string): void {
  const text = `#!/bin/sh\nprintf '%s\\n' "$@" '' >>'${folder}/${tool}.calls'\n${body}\n`;
  writeFileSync(join(folder, tool), text, { mode: 0o755 });
}

const calls = (tool: string): string[][] => {
  const path = join(folder, `${tool}.calls`);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text
    .split('\n\n')
    .filter((call) => call !== '')
    .map((call) => call.split('\n'));
};

const connectionRefused = `echo 'sacct: error: _open_persist_conn: failed to open persistent connection to host:127.0.0.1:6819: Connection refused
sacct: error: Sending PersistInit msg: Connection refused
sacct: error: Problem talking to the database: Connection refused' >&2`;

describe('queryAccounting', () => {
  test('one sacct for all arrays, with epoch times, full index lists and an answer in the C locale', async () => {
    standIn(
      'sacct',
      `printf '6_1\\037COMPLETED\\0370:0\\0371\\0372\\0373\\037b1\\037None\\037'; echo "$SLURM_TIME_FORMAT,$SLURM_BITSTR_LEN,$LC_ALL"`,
    );
    expect(await queryAccounting(slurm, [6, 7, 6])).toMatchObject({
      ok: true,
      elements: [{ jobName: '%s,0,C', ended: 3 }],
    });
    expect(calls('sacct')).toEqual([
      [
        '--noheader',
        '--allocations',
        '--parsable2',
        '--delimiter=\u001F',
        '--jobs=6,7',
        '--format=JobID,State,ExitCode,Submit,Start,End,NodeList,Reason,JobName',
      ],
    ]);
  });

  test('thousands of arrays are one call as long as the argument is not too long', async () => {
    standIn('sacct', '');
    const ids = Array.from({ length: 25_000 }, (_, position) => 1_000_000 + position);
    expect(await queryAccounting(slurm, ids.slice(0, 10_000))).toEqual({ ok: true, elements: [] });
    expect(calls('sacct').length).toBe(1);
    await queryAccounting(slurm, ids);
    expect(calls('sacct').length).toBe(1 + 2);
  });

  test('nothing to ask for is no call', async () => {
    standIn('sacct', '');
    expect(await queryAccounting(slurm, [])).toEqual({ ok: true, elements: [] });
    expect(calls('sacct')).toEqual([]);
  });

  test.each([
    ['exit code 1', `${connectionRefused}; exit 1`],
    ['exit code 0 in spite of an error, as 22.05 may do', `${connectionRefused}; exit 0`],
    ['accounting is off', "echo 'Slurm accounting storage is disabled' >&2; exit 1"],
    ['killed', 'kill -KILL $$'],
  ])('slurmdbd cannot be reached: no information (%s)', async (_, body) => {
    standIn('sacct', body);
    expect(await queryAccounting(slurm, [6])).toMatchObject({ ok: false, message: expect.stringMatching(/^sacct /) });
  });

  test('a sacct that hangs is stopped', async () => {
    standIn('sacct', 'exec sleep 600');
    expect(await queryAccounting({ ...slurm, timeout: 200 }, [6])).toEqual({
      ok: false,
      message: 'sacct did not answer in time',
    });
  });

  test('no sacct at all', async () => {
    expect(await queryAccounting(slurm, [6])).toMatchObject({
      ok: false,
      message: expect.stringContaining('could not be started'),
    });
  });
});

describe('queryQueue', () => {
  test('one array by id, several by their owner, any by name', async () => {
    standIn(
      'squeue',
      `for id in 6_1 7_1 8_1; do printf '%s\\037RUNNING\\0371\\0372\\037N/A\\037b1\\037None\\037mark\\n' "$id"; done`,
    );
    const ids = async (selection: Parameters<typeof queryQueue>[1]) => {
      const answer = await queryQueue(slurm, selection);
      return answer.ok ? answer.elements.map(({ arrayJobId }) => arrayJobId) : answer;
    };
    expect(await ids({ arrayJobIds: [6], user: 'ctmgr' })).toEqual([6]);
    expect(await ids({ arrayJobIds: [6, 8], user: 'ctmgr' })).toEqual([6, 8]);
    expect(await ids({ arrayJobIds: [6, 8] })).toEqual([6, 8]);
    expect(await ids({ jobName: 'mark', user: 'ctmgr' })).toEqual([6, 7, 8]);
    expect(await ids({ jobName: 'other', user: 'ctmgr' })).toEqual([]);
    expect(await ids({ arrayJobIds: [] })).toEqual([]);
    const selections = calls('squeue').map((call) => call.filter((word) => /^--(jobs|user|name)=/.test(word)));
    expect(selections).toEqual([
      ['--jobs=6'],
      ['--user=ctmgr'],
      ['--jobs=6,8'],
      ['--user=ctmgr', '--name=mark'],
      ['--user=ctmgr', '--name=other'],
    ]);
    expect(calls('squeue')[0]?.slice(0, 3)).toEqual(['--all', '--noheader', '--states=all']);
  });

  test('an id that slurmctld has forgotten is an answer', async () => {
    standIn('squeue', "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
    expect(await queryQueue(slurm, { arrayJobIds: [6] })).toEqual({ ok: true, elements: [] });
  });

  test.each(['Unable to contact slurm controller (connect failure)', 'Socket timed out on send/recv operation'])(
    'no answer: %s',
    async (words) => {
      standIn('squeue', `echo 'slurm_load_jobs error: ${words}' >&2; exit 1`);
      expect(await queryQueue(slurm, { arrayJobIds: [6] })).toMatchObject({
        ok: false,
        message: expect.stringContaining(words),
      });
    },
  );
});

describe('finding a lost submission', () => {
  test('squeue and sacct are asked apart, by name, user and time', async () => {
    standIn('squeue', `printf '9_[1-3]\\037PENDING\\0371\\037N/A\\037N/A\\037\\037None\\037mark\\n'`);
    standIn('sacct', `printf '9_1\\037100\\037mark\\n8\\037100\\037mark2\\n'`);
    expect(await findJobsInQueue(slurm, 'mark', 'ctmgr')).toEqual({ ok: true, jobIds: [9] });
    expect(await findJobsInAccounting(slurm, 'mark', 'ctmgr', 99.7)).toEqual({ ok: true, jobIds: [9] });
    expect(await findJobsInAccounting(slurm, 'mark', 'ctmgr', 101)).toEqual({ ok: true, jobIds: [] });
    expect(calls('sacct')[0]).toEqual(expect.arrayContaining(['--name=mark', '--user=ctmgr', '--starttime=uts99']));
  });

  test('silence of either is not "there is no such job"', async () => {
    standIn('squeue', "echo 'slurm_load_jobs error: Socket timed out on send/recv operation' >&2; exit 1");
    standIn('sacct', `${connectionRefused}; exit 1`);
    expect(await findJobsInQueue(slurm, 'mark', 'ctmgr')).toMatchObject({ ok: false });
    expect(await findJobsInAccounting(slurm, 'mark', 'ctmgr', 1)).toMatchObject({ ok: false });
  });
});

describe('submitArray', () => {
  const submission = {
    jobName: 'mark',
    script: '#!/bin/sh\necho ü\n',
    indices: [1, 2],
    workDir: '/w',
    output: '/w/%a.log',
    error: '/w/%a.err',
    resources: { extraArguments: [] },
  };

  test('the script goes through standard input, nothing of an outer job goes along, the version is asked once', async () => {
    standIn(
      'sbatch',
      `[ "$1" != --version ] || { echo 'slurm 24.11.5'; exit; }; cat >'${folder}/script'; env >'${folder}/env'; echo 41`,
    );
    process.env['SBATCH_PARTITION'] = 'outer';
    process.env['SLURM_JOB_ID'] = '5';
    try {
      expect(await submitArray(slurm, submission)).toEqual({ kind: 'accepted', jobId: 41 });
      await submitArray(slurm, submission);
    } finally {
      delete process.env['SBATCH_PARTITION'];
      delete process.env['SLURM_JOB_ID'];
    }
    expect(readFileSync(join(folder, 'script'), 'utf8')).toBe(submission.script);
    expect(readFileSync(join(folder, 'env'), 'utf8')).not.toMatch(/^(SBATCH|SLURM)_/m);
    expect(calls('sbatch').filter(([first]) => first === '--version').length).toBe(1);
    expect(calls('sbatch')[1]).toEqual(expect.arrayContaining(['--parsable', '--array=1-2', '--export=NIL']));
  });

  test('a controller that does not answer leaves it open', async () => {
    standIn('sbatch', `[ "$1" != --version ] || { echo 'slurm 24.11.5'; exit; }; exec sleep 600`);
    // Asked for beforehand, so that only what hangs is short of time.
    await slurmVersion(slurm);
    expect(await submitArray({ ...slurm, timeout: 200 }, submission)).toEqual({
      kind: 'unknown',
      message: 'sbatch did not answer in time',
    });
  });

  test('without sbatch nobody can tell, and a later call asks again', async () => {
    expect(await submitArray(slurm, submission)).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('could not be started'),
    });
    await expect(slurmVersion(slurm)).rejects.toMatchObject({ code: 'unavailable' });
    standIn('sbatch', "echo 'slurm 22.05.8'");
    expect(await slurmVersion(slurm)).toMatchObject({ major: 22, minor: 5 });
  });
});

describe('cancelJobs', () => {
  test('elements and arrays in one call', async () => {
    standIn('scancel', '');
    expect(await cancelJobs(slurm, [{ arrayJobId: 6, indices: [1, 2] }, { arrayJobId: 7 }])).toEqual({ ok: true });
    expect(calls('scancel')).toEqual([['6_[1-2]', '7']]);
  });

  test('what is over already is no failure', async () => {
    standIn('scancel', "echo 'scancel: error: Kill job error on job id 6: Invalid job id specified' >&2; exit 1");
    expect(await cancelJobs(slurm, [{ arrayJobId: 6 }])).toEqual({ ok: true });
  });

  test.each(['Unable to contact slurm controller (connect failure)', 'Access/permission denied'])(
    '%s',
    async (words) => {
      standIn('scancel', `echo 'scancel: error: Kill job error on job id 6: ${words}' >&2; exit 1`);
      expect(await cancelJobs(slurm, [{ arrayJobId: 6 }])).toMatchObject({
        ok: false,
        message: expect.stringContaining(words),
      });
    },
  );
});

test('queryController passes on that nobody answers', async () => {
  standIn('scontrol', "echo 'slurm_load_ctl_conf error: Socket timed out on send/recv operation' >&2; exit 1");
  expect(await queryController(slurm)).toMatchObject({ ok: false, message: expect.stringContaining('timed out') });
});

describe('setArrayThrottle', () => {
  test.each([
    ['24.11', '95_0: Job has already finished'],
    ['22.05', '95_0: Job has already finished\n95_1-3: No error'],
  ])('%s complains of the elements that have finished, and of nothing else', async (_version, stderr) => {
    standIn('scontrol', `echo '${stderr}' >&2; exit 1`);
    expect(await setArrayThrottle(slurm, 95, 2)).toEqual({ ok: true });
    expect(calls('scontrol')).toEqual([['update', 'JobId=95', 'ArrayTaskThrottle=2']]);
    standIn('scontrol', `echo '${stderr}' >&2; echo '95_4: Access/permission denied' >&2; exit 1`);
    expect(await setArrayThrottle(slurm, 95, 2)).toMatchObject({ ok: false });
  });
});
