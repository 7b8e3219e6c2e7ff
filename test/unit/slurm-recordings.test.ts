import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

import { parseAccounting } from '../../lib/slurm/accounting.ts';
import { isAtLeast, parseControllerConfig, parseVersion } from '../../lib/slurm/controller.ts';
import type { ElementRecord, ElementsAnswer } from '../../lib/slurm/element-record.ts';
import { parseFound } from '../../lib/slurm/find-job.ts';
import { activeJobs } from '../../lib/slurm/job-texts.ts';
import { parseNodes } from '../../lib/slurm/nodes.ts';
import { explainReason } from '../../lib/slurm/pending-reasons.ts';
import { parseQueue } from '../../lib/slurm/queue.ts';
import { parseSubmitReply } from '../../lib/slurm/submit-array.ts';
import { parseUserJobs } from '../../lib/slurm/user-jobs.ts';
import { asResult, readRecording, recorded } from './support/slurm-recording.ts';

function elements(answer: ElementsAnswer): ElementRecord[] {
  if (!answer.ok) throw new Error(answer.message);
  return answer.elements.toSorted((a, b) => a.index - b.index);
}

const inWords = ({ index, phase, outcome, provisional, exitCode, signal, cancelledBy }: ElementRecord): string =>
  [
    `${index}:`,
    outcome ?? phase,
    provisional === true ? 'perhaps' : '',
    exitCode === undefined ? '' : `${exitCode}:${signal}`,
    cancelledBy === undefined ? '' : `by ${cancelledBy}`,
  ]
    .filter((word) => word !== '')
    .join(' ');

/** --help or --usage still names them, but the same command refuses them. */
const gone = new Set(['--ctrl-comm-ifhn', '--mpi-combine', '--power', '--slurmd_debug', 'salloc --get-user-env']);

describe.each(['22.05', '24.11', '26.05'])('Slurm %s', (name) => {
  const version = parseVersion(`slurm ${name}`) ?? { major: 0, minor: 0, text: '' };
  const recording = readRecording(name);
  const accounting = (what: string): string[] =>
    elements(parseAccounting(recorded(recording, what, 'sacct').stdout)).map(inWords);
  const queue = (what: string): ElementRecord[] => elements(parseQueue(recorded(recording, what, 'squeue').stdout));
  const reasons = (what: string): (string | undefined)[] => queue(what).map(({ reason }) => reason);
  const exact = isAtLeast(version, 25, 11);

  test.each([
    ['completed', ['1: completed 0:0', '2: completed 0:0']],
    ['exit-1', ['1: failed 1:0']],
    // Before 25.11, 128 is taken off: the true code is in the result file only.
    ['exit-137', [exact ? '1: failed 137:0' : '1: failed 9:0']],
    ['exit-255', [exact ? '1: failed 255:0' : '1: failed 127:0']],
    ['signal-9', ['1: failed 0:9']],
    ['missing-log-folder', ['1: infrastructure 0:53']],
    // Slurm takes /tmp instead.
    ['missing-work-folder', ['1: completed 0:0']],
    ['missing-interpreter', ['1: failed 2:0']],
    ['timeout', ['1: timeout 0:0']],
    ['out-of-memory', ['1: oom 0:125']],
    ['cancelled-by-owner', ['1: cancelled 0:0 by 1002']],
    ['cancelled-while-waiting', ['7: cancelled 0:0 by 0', '9: cancelled 0:0 by 0']],
    ['suspended', ['1: running']],
    ['held-by-user', ['3: queued', '5: queued', '6: queued', '7: queued']],
    ['begin-later', ['1: queued', '5: queued', '9: queued']],
    ['partly-running', ['1: running', '2: running', ...[3, 4, 5, 6, 7, 8, 9].map((index) => `${index}: queued`)]],
  ])('sacct of %s', (what, wanted) => {
    expect(accounting(`jobs/${what}`)).toEqual(wanted);
  });

  test('sacct of a job that could never start in time', () => {
    expect(accounting('jobs/deadline')).toEqual([expect.stringMatching(/^1: timeout [01]:[01]$/)]);
  });

  test('sacct of nodes that died: final only when the queue does not have the job again', () => {
    expect(accounting('jobs/node-died')).toEqual([expect.stringMatching(/^1: node perhaps [01]:0$/)]);
    expect(queue('jobs/node-died').map(inWords)).toEqual(['1: node perhaps']);
    expect(accounting('jobs/node-died-requeued')).toEqual([
      expect.stringMatching(/^1: (node perhaps [01]:0|queued|queued perhaps)$/),
    ]);
    expect(queue('jobs/node-died-requeued').map(inWords)).toEqual(['1: queued']);
  });

  test.each(['preempted', 'requeued-and-held', 'prolog-failed'])('%s: back in the queue, not ended', (what) => {
    expect(accounting(`jobs/${what}`)).toEqual([expect.stringMatching(/perhaps|queued/)]);
    expect(queue(`jobs/${what}`)).toMatchObject([{ phase: 'queued' }]);
  });

  test('sacct right after the end of a short job: 22.05 tells neither element nor name for some seconds', () => {
    expect(accounting('jobs/just-ended')).toEqual(isAtLeast(version, 24, 11) ? ['1: failed 1:0'] : []);
    expect(queue('jobs/just-ended').map(inWords)).toEqual(['1: failed']);
  });

  test('squeue of a job without a log folder: 22.05 does not say which signal', () => {
    const [element] = queue('jobs/missing-log-folder');
    expect(element?.outcome).toBe(isAtLeast(version, 24, 11) ? 'infrastructure' : 'failed');
  });

  test.each([
    ['held-by-user', 'JobHeldUser', 'somebody holds the job'],
    ['held-by-admin', 'JobHeldAdmin', 'somebody holds the job'],
    ['partition-time-limit', 'PartitionTimeLimit', "partition's MaxTime"],
    ['account-limit', 'AssocMaxJobsLimit', 'a limit of the account'],
    ['prolog-failed', 'launch failed requeued held', 'could not start it'],
    ['requeued-and-held', 'job requeued in held state', 'holds the job'],
    ['special-exit', 'job requeued in held state', 'holds the job'],
    isAtLeast(version, 24, 11)
      ? ['user-missing-requeued', 'launch failure limit exceeded requeued held', 'could not start it']
      : ['user-missing', 'JobHoldMaxRequeue', 'could not start it'],
    ['reservation-ended', 'Reservation short was deleted', 'the reservation of the class is over'],
  ])('squeue of %s: %s, which needs somebody', (what, reason, meaning) => {
    expect(reasons(`jobs/${what}`)).toContain(reason);
    expect(explainReason(reason, '1', 'default')?.meaning).toContain(meaning);
  });

  test('squeue of a special exit: held', () => {
    expect(queue('jobs/special-exit')).toMatchObject([{ state: 'SPECIAL_EXIT', phase: 'held' }]);
  });

  test('sbatch: accepted, refused, or nobody knows', () => {
    const reply = (what: string) => parseSubmitReply(asResult(recorded(recording, what, 'sbatch')));
    expect(reply('submit/accepted')).toEqual({ kind: 'accepted', jobId: expect.any(Number) });
    const refusals = [...recording.keys()].filter((section) => section.startsWith('submit/wrong-'));
    expect(refusals).toHaveLength(6);
    expect(refusals.filter((section) => reply(section).kind !== 'refused')).toEqual([]);
    expect(reply('slurmctld-down').kind).toBe('unknown');
  });

  test('an id that was used again: the job that was submitted last', () => {
    expect(accounting('reused-id')).toEqual(['1: completed 0:0', '2: completed 0:0']);
    expect(recorded(recording, 'reused-id', '--duplicates').stdout.split('\n')).toHaveLength(4);
  });

  // slurmctld has lost its state. Only 26.05 leaves the job in accounting as it was.
  test('a runaway job: sacct may take it for waiting for ever, squeue does not know it', () => {
    expect(accounting('runaway')).toEqual(
      name === '26.05' ? ['1: queued', '2: queued'] : ['1: cancelled 0:0', '2: cancelled 0:0'],
    );
    expect(recorded(recording, 'runaway', 'squeue').stderr).toMatch(/invalid job id specified/i);
  });

  test('a runaway job that had begun: running for sacct, unknown to squeue, told of by sacctmgr', () => {
    expect(accounting('database/runaway')).toEqual(['1: running', '2: running']);
    expect(recorded(recording, 'database/runaway', 'squeue').stderr).toMatch(/invalid job id specified/i);
    expect(recorded(recording, 'database/runaway', 'sacctmgr').stdout).toMatch(
      /^\d+\|mark\|batch\|cluster\|RUNNING\|/m,
    );
  });

  test('no job of that id, no slurmdbd', () => {
    expect(recorded(recording, 'unknown', 'sacct')).toMatchObject({ stdout: '', stderr: '', exitCode: 0 });
    expect(recorded(recording, 'unknown', 'squeue').stderr).toMatch(/invalid job id specified/i);
    const { stdout, stderr } = recorded(recording, 'slurmdbd-down', 'sacct');
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: expect.stringMatching(/^sacct: error: .*refused$/m) });
  });

  test('the listings', () => {
    const { stdout: found } = recorded(recording, 'find', 'squeue');
    expect(parseFound('squeue', found, 'answer')).toMatchObject({ ok: true, jobIds: expect.any(Array) });
    expect(parseUserJobs(recorded(recording, 'user-jobs', 'squeue').stdout)).toMatchObject({
      ok: true,
      jobs: expect.arrayContaining([{ jobId: expect.any(Number), name: 'answer', workDir: '/' }]),
    });
    const nodes = parseNodes(recorded(recording, 'nodes', 'sinfo').stdout);
    expect(nodes).toContainEqual({ node: 'b1', partition: 'build', isDefault: false, state: 'idle', usable: true });
    expect(nodes.filter(({ isDefault }) => isDefault)).toHaveLength(4);
    const config = parseControllerConfig(recorded(recording, 'controller', 'scontrol').stdout);
    expect(config).toMatchObject({ maxArraySize: 1001, minJobAge: 300, accounting: 'accounting_storage/slurmdbd' });
    const active = activeJobs(recorded(recording, 'job-texts', 'scontrol').stdout);
    expect(active.filter(({ text }) => text.includes('JobName=answer'))).not.toEqual([]);
    expect(active.filter(({ text }) => / JobName=(completed|exit-1|timeout) /.test(text))).toEqual([]);
  });

  test.each(['srun', 'sbatch', 'salloc'])('the wrapper knows all options that %s tells of', (tool) => {
    const calls = recording.get(`help/${tool}`) ?? [];
    const told = calls.flatMap(({ stdout }) =>
      [...stdout.matchAll(/(?<![\w-])--[a-z0-9][\w-]*/g)].map(([option]) => option),
    );
    const folder = join(import.meta.dirname, '../../spank/options');
    const known =
      readFileSync(join(folder, `${tool}-${name}`), 'utf8') + readFileSync(join(folder, `${tool}-x11`), 'utf8');
    const options = known.split('\n').map((line) => line.split(' ')[0] ?? '');
    expect(new Set(told).size).toBeGreaterThan(80);
    const unknown = [...new Set(told)].filter((option) => !options.some((one) => one.startsWith(option)));
    expect(unknown.filter((option) => !gone.has(option) && !gone.has(`${tool} ${option}`))).toEqual([]);
  });
});
