import { describe, expect, test } from '@jest/globals';
import { decide, type Evidence } from '../../lib/builds/decide.ts';
import type { BuildResult } from '../../lib/builds/result-file.ts';
import type { ElementRecord } from '../../lib/slurm/element-record.ts';
import { interpretState } from '../../lib/slurm/job-states.ts';
import { nothing, now } from './support/evidence.ts';

const common = {
  schema: 1 as const,
  message: 'exit 2 in %post',
  node: 'b1',
  job_id: 41,
  index: 3,
  started: now - 60,
  ended: now - 5,
  apptainer: '1.4.0',
};
const good: BuildResult = { ...common, outcome: 'success', exit_code: 0, size: 7, sha256: 'a'.repeat(64) };
const bad: BuildResult = { ...common, outcome: 'failure', kind: 'build', exit_code: 2 };
const badTest: BuildResult = { ...common, outcome: 'failure', kind: 'test', exit_code: 1 };
const killed: BuildResult = { ...common, outcome: 'failure', kind: 'build', exit_code: 137 };
const terminated: BuildResult = { ...common, outcome: 'terminated', exit_code: 143 };

/** What Slurm says, from its own words. */
function says(state: string, code = 0, signal = 0, more: Partial<ElementRecord> = {}): ElementRecord {
  return { arrayJobId: 41, index: 3, jobName: 'marker', ...interpretState(state, code, signal), ...more };
}

const failure = (
  failureKind: string,
  message: unknown = expect.any(String),
  exitCode: unknown = expect.anything(),
) => ({
  kind: 'failure',
  failureKind,
  message,
  exitCode,
});
const building = { kind: 'progress', status: 'building', reason: null };
const queued = (reason: string | null = null) => ({ kind: 'progress', status: 'queued', reason });
const keep = (missingSince: number | null) => ({ kind: 'keep', missingSince });
const ended = { exitCode: 0, ended: now - 31 };

type Row = [what: string, evidence: Partial<Evidence>, decision: unknown];

function check(rows: Row[]): void {
  test.each(rows)('%s', (_what, evidence, decision) => {
    expect(decide({ ...nothing, ...evidence })).toEqual(decision);
  });
}

describe("the element's own report decides", () => {
  check([
    ['success', { result: good }, { kind: 'success', result: good }],
    ['success, Slurm not asked', { result: good, slurm: 'unasked' }, { kind: 'success', result: good }],
    ['success, Slurm silent', { result: good, slurm: 'silent' }, { kind: 'success', result: good }],
    [
      'success of a job that Slurm calls failed',
      { result: good, record: says('FAILED', 1) },
      { kind: 'success', result: good },
    ],
    [
      'success, cancelled afterwards',
      { result: good, record: says('CANCELLED by 0') },
      { kind: 'success', result: good },
    ],
    ['success of an instance given up', { result: good, status: 'lost' }, { kind: 'success', result: good }],
    ['failure', { result: bad }, failure('build', 'exit 2 in %post', 2)],
    ['failure, Slurm not asked', { result: bad, slurm: 'unasked' }, failure('build', 'exit 2 in %post', 2)],
    ['failure of the test', { result: badTest }, failure('test', 'exit 2 in %post', 1)],
    [
      'failure of a job that Slurm calls completed',
      { result: bad, record: says('COMPLETED') },
      failure('build', 'exit 2 in %post', 2),
    ],
    [
      'failure with a plain code, cancelled afterwards',
      { result: bad, record: says('CANCELLED by 0') },
      failure('build', 'exit 2 in %post', 2),
    ],
  ]);
});

describe('a build killed by a signal is explained by Slurm, if it knows', () => {
  check([
    ['not asked yet', { result: killed, slurm: 'unasked', missingSince: 5 }, keep(5)],
    [
      'out of memory',
      { result: killed, record: says('OUT_OF_MEMORY', 0, 125, { node: 'b1' }) },
      failure('oom', 'out of memory on b1', null),
    ],
    ['the job has not ended yet', { result: killed, record: says('RUNNING') }, keep(now)],
    [
      'the job has not ended yet, on a node whose clock is behind',
      { result: { ...killed, ended: now - 300 }, record: says('RUNNING'), missingSince: now - 29 },
      keep(now - 29),
    ],
    [
      'the job does not end',
      { result: killed, record: says('RUNNING'), missingSince: now - 30 },
      failure('build', 'exit 2 in %post', 137),
    ],
    [
      'the job does not end, on a node whose clock is ahead',
      { result: { ...killed, ended: now + 300 }, record: says('RUNNING'), missingSince: now - 30 },
      failure('build', 'exit 2 in %post', 137),
    ],
    [
      "Slurm has killed it for its memory, without the kernel's help",
      { result: killed, record: says('FAILED', 0, 9), overMemory: true },
      failure('oom', 'out of memory', null),
    ],
    ['Slurm knows no better', { result: killed, record: says('FAILED', 1) }, failure('build', 'exit 2 in %post', 137)],
    ['Slurm is silent', { result: killed, slurm: 'silent' }, failure('build', 'exit 2 in %post', 137)],
    ['Slurm does not know the job', { result: killed }, failure('build', 'exit 2 in %post', 137)],
  ]);
});

describe('a job that was stopped from outside', () => {
  const timeout = { record: says('TIMEOUT', 0, 0, { node: 'b1' }) };
  check([
    ['time limit', timeout, failure('timeout', 'stopped at its time limit on b1', null)],
    [
      'time limit, and the element says that it was terminated',
      { ...timeout, result: terminated },
      failure('timeout', 'stopped at its time limit on b1', null),
    ],
    ['deadline', { record: says('DEADLINE') }, failure('timeout', 'stopped at its time limit', null)],
    ['out of memory', { record: says('OUT_OF_MEMORY', 0, 125, { exitCode: 0 }) }, failure('oom', 'out of memory', 0)],
    [
      "out of memory by Slurm's own count",
      { record: says('FAILED', 0, 9, { exitCode: 0, node: 'b1' }), overMemory: true },
      failure('oom', 'out of memory on b1', 0),
    ],
    [
      'cancelled by somebody',
      { record: says('CANCELLED by 1000') },
      { kind: 'cancelled', message: 'cancelled by user-1000' },
    ],
    [
      'cancelled by nobody in particular',
      { record: says('CANCELLED'), result: terminated },
      { kind: 'cancelled', message: 'cancelled' },
    ],
    ['terminated, Slurm not asked yet', { result: terminated, claimed: true, slurm: 'unasked' }, building],
    [
      'terminated, Slurm silent',
      { result: terminated, claimed: true, status: 'building', slurm: 'silent' },
      keep(null),
    ],
    [
      'terminated, and Slurm gives no reason',
      { result: terminated, record: says('FAILED', 15, 0, { exitCode: 15 }) },
      failure('infrastructure', expect.stringContaining('FAILED'), 15),
    ],
  ]);
});

describe('a job that Slurm could not run', () => {
  check([
    [
      'log folder missing, 0:53',
      { record: says('FAILED', 0, 53, { exitCode: 0, reason: 'RaisedSignal:53' }) },
      failure('infrastructure', expect.stringContaining('RaisedSignal:53'), 0),
    ],
    [
      'the node died',
      { record: { ...says('NODE_FAIL', 1, 0, { node: 'b2' }), provisional: undefined as never } },
      failure('node', 'the node failed on b2 (NODE_FAIL)', null),
    ],
    [
      'the node died, and a requeue may follow',
      { status: 'building', claimed: true, record: says('NODE_FAIL', 1) },
      building,
    ],
    ['the same, never seen running', { record: says('NODE_FAIL', 1) }, queued()],
    ['the same, seen running without a claim', { status: 'building', record: says('PREEMPTED') }, keep(null)],
  ]);
});

describe('a job on its way', () => {
  check([
    ['waiting', { record: says('PENDING', 0, 0, { reason: 'Resources' }) }, queued('Resources')],
    ['waiting for nothing in particular', { record: says('PENDING', 0, 0, { reason: 'None' }) }, queued()],
    ['held', { record: says('REQUEUE_HOLD', 0, 0, { reason: 'JobHeldAdmin' }) }, queued('JobHeldAdmin')],
    ['running', { record: says('RUNNING') }, building],
    ['completing', { record: says('COMPLETING') }, building],
    ['waiting for Slurm, but the element has started', { record: says('PENDING'), claimed: true }, building],
    ['requeued', { status: 'building', record: says('PENDING', 0, 0, { reason: 'BeginTime' }) }, queued('BeginTime')],
    ['in a state of some newer Slurm', { record: says('FROBNICATED'), missingSince: 5 }, keep(null)],
    ['found again after it was missing', { record: says('RUNNING'), missingSince: now - 899 }, building],
    ['a broken report while it runs', { record: says('RUNNING'), resultProblem: 'cut off' }, building],
  ]);
});

describe('a job that ended without a report', () => {
  const completed = says('COMPLETED', 0, 0, ended);
  check([
    [
      'noticed longer ago than the grace',
      { record: completed, missingSince: now - 31 },
      failure('infrastructure', expect.stringContaining('COMPLETED'), 0),
    ],
    ["noticed now, however long ago that was by Slurm's clock", { record: completed }, keep(now)],
    [
      'at the very end of the grace',
      { record: says('COMPLETED'), missingSince: now - 30 },
      failure('infrastructure', expect.any(String), null),
    ],
    ['noticed just now', { record: says('COMPLETED'), missingSince: now - 29 }, keep(now - 29)],
    [
      "Slurm's clock is ahead",
      { record: says('COMPLETED', 0, 0, { ended: now + 500 }), missingSince: now - 29 },
      keep(now - 29),
    ],
    [
      'failed for longer than the grace',
      { record: says('FAILED', 1, 0, { ...ended, exitCode: 1 }), missingSince: now - 31 },
      failure('infrastructure', expect.stringContaining('FAILED'), 1),
    ],
    [
      'the script says that the share was unusable',
      { record: says('FAILED', 74, 0, { ended: now - 31, exitCode: 74 }), missingSince: now - 31 },
      failure('infrastructure', expect.stringContaining('share'), 74),
    ],
    [
      'with a report that cannot be read',
      { record: says('COMPLETED'), resultProblem: 'cut off' },
      failure('infrastructure', 'cut off', null),
    ],
  ]);
});

describe('a job that Slurm does not know is unknown, never failed', () => {
  const old = now - 899;
  const older = now - 900;
  check([
    ['noticed now', {}, keep(now)],
    ['noticed before', { missingSince: old }, keep(old)],
    [
      'for long enough, with both healthy',
      { missingSince: older },
      { kind: 'lost', message: expect.stringContaining('900 s') },
    ],
    [
      'while it was building',
      { missingSince: older, status: 'building', claimed: true },
      { kind: 'lost', message: expect.any(String) },
    ],
    ['silence starts the count anew', { missingSince: older, slurm: 'silent' }, keep(null)],
    [
      'silence while it was building',
      { missingSince: older, slurm: 'silent', status: 'building', claimed: true },
      keep(null),
    ],
    ['not asking changes nothing', { missingSince: older, slurm: 'unasked' }, keep(older)],
    ['not asking, nothing noticed', { slurm: 'unasked' }, keep(null)],
    ['pending, not submitted', { status: 'pending', slurm: 'unasked' }, keep(null)],
    ['a claim shows that it has started', { claimed: true, slurm: 'unasked' }, building],
    ['a claim with Slurm silent', { claimed: true, slurm: 'silent' }, building],
    ['a claim of one that is building already', { claimed: true, status: 'building', slurm: 'unasked' }, keep(null)],
    [
      'given up once, it does not come back by its claim',
      { claimed: true, status: 'lost', slurm: 'unasked', missingSince: 5 },
      keep(5),
    ],
    ['a broken report alone decides nothing', { resultProblem: 'cut off', slurm: 'unasked' }, keep(null)],
  ]);
});

test('nothing that Slurm does not say can ever be a failure', () => {
  for (const slurm of ['unasked', 'silent', 'answered'] as const) {
    for (const status of ['pending', 'queued', 'building', 'lost'] as const) {
      for (const claimed of [true, false]) {
        for (const missingSince of [null, 0, now]) {
          for (const result of [undefined, terminated]) {
            const { kind } = decide({ ...nothing, slurm, status, claimed, missingSince, result });
            expect(slurm === 'answered' ? ['keep', 'progress', 'lost'] : ['keep', 'progress']).toContain(kind);
          }
        }
      }
    }
  }
});

describe('a cancellation that somebody has asked ctmgr for', () => {
  const wanted = { cancelledBy: 'root' };
  check([
    [
      'is told with the name',
      { ...wanted, record: says('CANCELLED by 990') },
      { kind: 'cancelled', message: 'cancelled by root' },
    ],
    [
      'may come too late',
      { ...wanted, result: good, record: says('CANCELLED by 990') },
      { kind: 'success', result: good },
    ],
    ['has not happened while the job runs', { ...wanted, record: says('RUNNING') }, building],
    [
      'explains why nobody knows the job',
      { ...wanted, missingSince: now - 30 },
      { kind: 'cancelled', message: 'cancelled by root' },
    ],
    ['explains nothing at first', { ...wanted }, keep(now)],
    ['explains nothing while Slurm is silent', { ...wanted, slurm: 'silent', missingSince: now - 30 }, keep(null)],
  ]);
});

describe('while the share cannot be seen', () => {
  const unseen = { shareSeen: false };
  check([
    ['a job that ended has not failed', { ...unseen, record: says('COMPLETED', 0, 0, ended) }, keep(null)],
    [
      'one that Slurm has failed has',
      { ...unseen, record: says('TIMEOUT') },
      failure('timeout', expect.any(String), null),
    ],
    [
      'one that is missing was not cancelled',
      { ...unseen, arrayInQueue: true, missingSince: now - 31 },
      keep(now - 31),
    ],
    [
      'one that ended has ended as somebody wished who does not want to wait for its report',
      { ...unseen, cancelledBy: 'root', record: says('COMPLETED', 0, 0, ended), missingSince: now - 30 },
      { kind: 'cancelled', message: 'cancelled by root' },
    ],
    [
      'its report still has the time that it would have otherwise',
      { ...unseen, cancelledBy: 'root', record: says('COMPLETED', 0, 0, ended) },
      keep(now),
    ],
  ]);
});

describe('an element that is missing from an array which slurmctld still has', () => {
  const missing: Evidence = { ...nothing, arrayInQueue: true, missingSince: now - 30 };
  test('was cancelled while it waited', () => {
    expect(decide(missing)).toEqual({ kind: 'cancelled', message: 'cancelled while it waited' });
  });
  test.each<[string, Partial<Evidence>]>([
    ['not before it has been missing for a while', { missingSince: now - 29 }],
    ['not on first sight', { missingSince: null }],
    ['not if it has started', { claimed: true, status: 'building' }],
    ['not if one of the two did not answer', { slurm: 'silent' }],
    ['not if the array is unknown as well', { arrayInQueue: false }],
  ])('%s', (_what, more) => {
    expect(decide({ ...missing, ...more })).toMatchObject({ kind: 'keep' });
  });
});
