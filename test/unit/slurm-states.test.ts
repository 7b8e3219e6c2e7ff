import { describe, expect, test } from '@jest/globals';

import { decide, type Evidence } from '../../lib/builds/decide.ts';
import { parseAccounting } from '../../lib/slurm/accounting.ts';
import type { ElementRecord, ElementsAnswer } from '../../lib/slurm/element-record.ts';
import { parseQueue } from '../../lib/slurm/queue.ts';
import { nothing } from './support/evidence.ts';
import { readRecording, recorded } from './support/slurm-recording.ts';

/**
 * Every state and state flag of Slurm's (sacct(1), JOB STATE CODES; job_state_codes.html): where each version was recorded
 * printing it, what it is taken for, and what becomes of an image that waits or is being built and has not reported.
 */
interface Row {
  /** The section of the recording, and who printed it. */
  from: `${'jobs' | 'duplicates' | 'database'}/${string} ${'sacct' | 'squeue'}`;
  /** As it is printed, and with which exit code, if that matters. */
  prints: string;
  /** Phase or outcome; `?` behind it: final only if squeue does not have the job again. */
  means: string;
  /** As long as squeue may have more, and when it has not. */
  becomes: string;
  only?: string[];
  except?: string[];
}

const old = ['22.05'];
const ends = (means: string, kind: string): Pick<Row, 'means' | 'becomes'> => ({ means, becomes: `failure ${kind}` });
/** May be in the queue again: until that is known the image stays as it is. */
const perhaps = (means: string, kind: string): Pick<Row, 'means' | 'becomes'> => ({
  means: `${means}?`,
  becomes: `queued, then failure ${kind}`,
});
const neverRan = ends('infrastructure', 'infrastructure');
const waits = { means: 'queued', becomes: 'queued' };
const runs = { means: 'running', becomes: 'building' };
const isHeld = { means: 'held', becomes: 'queued' };

const rows: Record<string, Row[]> = {
  PENDING: [
    { from: 'jobs/held-by-user sacct', prints: 'PENDING', ...waits },
    { from: 'jobs/held-by-user squeue', prints: 'PENDING', ...waits },
  ],
  CONFIGURING: [
    { from: 'jobs/configuring squeue', prints: 'CONFIGURING', ...waits },
    { from: 'database/CONFIGURING sacct', prints: 'CONFIGURING', ...waits },
  ],
  REQUEUE_FED: [{ from: 'database/REQUEUE_FED sacct', prints: 'REQUEUE_FED', ...waits }],
  RESV_DEL_HOLD: [
    { from: 'jobs/reservation-ended squeue', prints: 'RESV_DEL_HOLD', ...waits },
    { from: 'database/RESV_DEL_HOLD sacct', prints: 'RESV_DEL_HOLD', ...waits },
  ],
  // A flag that neither of the two prints: the state beside it is.
  POWER_UP_NODE: [{ from: 'database/POWER_UP_NODE sacct', prints: 'RUNNING', ...runs }],
  EXPEDITING: [
    { from: 'jobs/expedited squeue', prints: 'EXPEDITING', ...waits, only: ['26.05'] },
    { from: 'database/EXPEDITING sacct', prints: 'EXPEDITING', ...waits, only: ['26.05'] },
    { from: 'database/EXPEDITING sacct', prints: 'PENDING', ...waits, except: ['26.05'] },
  ],
  REQUEUED: [
    { from: 'duplicates/requeued-and-held sacct', prints: 'REQUEUED', means: 'queued?', becomes: 'queued' },
    { from: 'duplicates/boot-failed-requeued sacct', prints: 'REQUEUED', means: 'queued?', becomes: 'queued' },
  ],
  REQUEUE_HOLD: [
    { from: 'jobs/user-missing squeue', prints: 'REQUEUE_HOLD', ...isHeld, only: old },
    { from: 'jobs/user-missing-requeued squeue', prints: 'REQUEUE_HOLD', ...isHeld, except: old },
    { from: 'database/REQUEUE_HOLD sacct', prints: 'REQUEUE_HOLD', ...isHeld },
  ],
  SPECIAL_EXIT: [
    { from: 'jobs/special-exit squeue', prints: 'SPECIAL_EXIT', ...isHeld },
    { from: 'database/SPECIAL_EXIT sacct', prints: 'SPECIAL_EXIT', ...isHeld },
  ],
  RUNNING: [
    { from: 'jobs/partly-running sacct', prints: 'RUNNING', ...runs },
    { from: 'jobs/partly-running squeue', prints: 'RUNNING', ...runs },
  ],
  RESIZING: [{ from: 'duplicates/resized sacct', prints: 'RESIZING', ...runs }],
  SIGNALING: [
    { from: 'jobs/signalled squeue', prints: 'SIGNALING', ...runs },
    { from: 'database/SIGNALING sacct', prints: 'SIGNALING', ...runs },
  ],
  STAGE_OUT: [
    { from: 'jobs/staging-out squeue', prints: 'STAGE_OUT', ...runs },
    { from: 'database/STAGE_OUT sacct', prints: 'STAGE_OUT', ...runs },
  ],
  COMPLETING: [
    { from: 'jobs/completing squeue', prints: 'COMPLETING', ...runs },
    { from: 'database/COMPLETING sacct', prints: 'COMPLETING', ...runs },
  ],
  SUSPENDED: [
    { from: 'jobs/suspended sacct', prints: 'SUSPENDED', ...runs },
    { from: 'jobs/suspended squeue', prints: 'SUSPENDED', ...runs },
  ],
  STOPPED: [
    { from: 'jobs/stopped squeue', prints: 'STOPPED', ...runs },
    { from: 'database/STOPPED sacct', prints: 'STOPPED', ...runs },
  ],
  // Only a report makes it a success.
  COMPLETED: [
    { from: 'jobs/completed sacct', prints: 'COMPLETED 0:0', ...ends('completed', 'infrastructure') },
    // 22.05 says so of a job that never ran, too.
    { from: 'jobs/session-refused sacct', prints: 'COMPLETED 0:0', ...ends('completed', 'infrastructure'), only: old },
  ],
  FAILED: [
    { from: 'jobs/exit-1 sacct', prints: 'FAILED 1:0', ...ends('failed', 'infrastructure') },
    { from: 'jobs/signal-9 sacct', prints: 'FAILED 0:9', ...ends('failed', 'infrastructure') },
  ],
  'FAILED 0:52': [
    { from: 'jobs/session-refused sacct', prints: 'FAILED 0:52', ...neverRan, except: old },
    { from: 'database/0:52 sacct', prints: 'FAILED 0:52', ...neverRan },
  ],
  'FAILED 0:53': [
    { from: 'jobs/missing-log-folder sacct', prints: 'FAILED 0:53', ...neverRan },
    { from: 'database/0:53 sacct', prints: 'FAILED 0:53', ...neverRan },
  ],
  'FAILED 0:54': [{ from: 'database/0:54 sacct', prints: 'FAILED 0:54', ...neverRan }],
  OUT_OF_MEMORY: [{ from: 'jobs/out-of-memory sacct', prints: 'OUT_OF_MEMORY 0:125', ...ends('oom', 'oom') }],
  TIMEOUT: [
    { from: 'jobs/timeout sacct', prints: 'TIMEOUT', ...ends('timeout', 'timeout') },
    { from: 'jobs/timeout squeue', prints: 'TIMEOUT', ...ends('timeout', 'timeout') },
  ],
  DEADLINE: [{ from: 'jobs/deadline sacct', prints: 'DEADLINE', ...ends('timeout', 'timeout') }],
  NODE_FAIL: [
    { from: 'jobs/node-died sacct', prints: 'NODE_FAIL', ...perhaps('node', 'node') },
    { from: 'duplicates/node-died-requeued sacct', prints: 'NODE_FAIL', ...perhaps('node', 'node') },
    // A node that was switched off for lack of work and did not come up.
    { from: 'jobs/never-up sacct', prints: 'NODE_FAIL', ...perhaps('node', 'node') },
    {
      from: 'duplicates/session-refused-requeued sacct',
      prints: 'NODE_FAIL 0:52',
      ...perhaps('node', 'node'),
      except: old,
    },
    { from: 'duplicates/user-missing sacct', prints: 'NODE_FAIL', ...perhaps('node', 'node'), only: old },
  ],
  BOOT_FAIL: [
    { from: 'jobs/boot-failed sacct', prints: 'BOOT_FAIL', ...perhaps('node', 'node') },
    { from: 'jobs/boot-failed squeue', prints: 'BOOT_FAIL', ...perhaps('node', 'node') },
  ],
  // Flags that neither of the two prints: what they come with decides.
  LAUNCH_FAILED: [
    { from: 'database/LAUNCH_FAILED sacct', prints: 'FAILED', ...ends('failed', 'infrastructure') },
    { from: 'jobs/prolog-failed squeue', prints: 'PENDING', ...waits },
  ],
  RECONFIG_FAIL: [{ from: 'database/RECONFIG_FAIL sacct', prints: 'FAILED', ...ends('failed', 'infrastructure') }],
  PREEMPTED: [
    { from: 'jobs/preempted-for-good sacct', prints: 'PREEMPTED', ...perhaps('infrastructure', 'infrastructure') },
    { from: 'jobs/preempted-for-good squeue', prints: 'PREEMPTED', ...perhaps('infrastructure', 'infrastructure') },
    { from: 'duplicates/preempted sacct', prints: 'PREEMPTED', ...perhaps('infrastructure', 'infrastructure') },
  ],
  CANCELLED: [
    { from: 'jobs/cancelled-by-owner sacct', prints: 'CANCELLED', means: 'cancelled', becomes: 'cancelled by 1002' },
    { from: 'jobs/cancelled-by-owner squeue', prints: 'CANCELLED', means: 'cancelled', becomes: 'cancelled' },
    { from: 'jobs/cancelled-while-waiting sacct', prints: 'CANCELLED', means: 'cancelled', becomes: 'cancelled by 0' },
    {
      from: 'jobs/user-missing sacct',
      prints: 'CANCELLED',
      means: 'cancelled',
      becomes: 'cancelled by 0',
      except: old,
    },
  ],
  REVOKED: [{ from: 'duplicates/REVOKED sacct', prints: 'REVOKED', means: 'unknown', becomes: 'keep' }],
  // A number that sacct does not know.
  unknown: [{ from: 'database/unknown sacct', prints: '?', means: 'unknown', becomes: 'keep' }],
};

/** Later than everything that was recorded. */
const now = 1_900_000_000;
const evidence: Evidence = {
  ...nothing,
  arrayInQueue: true,
  missingSince: now - 100,
  now,
  nameOf: (uid) => String(uid),
};

function becomes(record: ElementRecord): string {
  const decision = decide({ ...evidence, record });
  if (decision.kind === 'progress') return decision.status;
  if (decision.kind === 'failure') return `failure ${decision.failureKind}`;
  return decision.kind === 'cancelled' ? decision.message : decision.kind;
}

/** What is made of each line of a listing, on its own. */
function read(text: string, parse: (line: string) => ElementsAnswer): Omit<Row, 'from'>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const answer = parse(line);
      if (!answer.ok) throw new Error(answer.message);
      return answer.elements.slice(0, 1);
    })
    .map((record) => {
      const { state, phase, outcome, provisional, exitCode, signal, ...rest } = record;
      const settled = { ...rest, state, phase, exitCode, signal, ...(outcome === undefined ? {} : { outcome }) };
      const later = becomes(settled as ElementRecord);
      const first = becomes(record);
      return {
        prints: exitCode === undefined ? state : `${state} ${exitCode}:${signal}`,
        means: `${outcome ?? phase}${provisional === true ? '?' : ''}`,
        becomes: first === later ? later : `${first}, then ${later}`,
      };
    });
}

describe.each(['22.05', '24.11', '26.05'])('Slurm %s', (version) => {
  const recording = readRecording(version);

  test('printed no state that is not in the table', () => {
    const strange = new Set<string>();
    for (const [section, calls] of recording) {
      if (!/^(jobs|duplicates|database)\//.test(section)) continue;
      for (const { command, stdout } of calls) {
        if (!/ (sacct|squeue) /.test(command)) continue;
        const answer = command.includes(' sacct ') ? parseAccounting(stdout) : parseQueue(stdout);
        expect({ section, ok: answer.ok }).toEqual({ section, ok: true });
        for (const { state } of answer.ok ? answer.elements : []) if (!(state in rows)) strange.add(state);
      }
    }
    expect([...strange]).toEqual(['?']);
  });

  test.each(Object.entries(rows))('%s', (_state, all) => {
    const here = all.filter(
      ({ only, except }) => only?.includes(version) !== false && except?.includes(version) !== true,
    );
    expect(here).not.toEqual([]);
    for (const { from, prints, means, becomes: wanted } of here) {
      const [section = '', tool = ''] = from.split(' ');
      const lines = read(recorded(recording, section, tool).stdout, tool === 'sacct' ? parseAccounting : parseQueue);
      const said = lines.filter((line) => `${line.prints} `.startsWith(`${prints} `));
      expect({ from, lines: said.slice(0, 1) }).toEqual({
        from,
        lines: [{ prints: expect.stringContaining(prints), means, becomes: wanted }],
      });
    }
  });
});
