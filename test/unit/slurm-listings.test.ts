import { describe, expect, test } from '@jest/globals';
import { parseAccounting } from '../../lib/slurm/accounting.ts';
import type { ElementRecord, ElementsAnswer } from '../../lib/slurm/element-record.ts';
import { parseFound } from '../../lib/slurm/find-job.ts';
import { parseQueue } from '../../lib/slurm/queue.ts';

/** Recorded with `|` where the commands were asked for a control character, so that the text can be read here. */
const recorded = (...lines: string[]): string => lines.map((line) => `${line.replaceAll('|', '\u001F')}\n`).join('');

function elements(answer: ElementsAnswer): ElementRecord[] {
  if (!answer.ok) throw new Error(answer.message);
  return answer.elements;
}

describe('sacct of 24.11', () => {
  test('finished, running and waiting elements of one array', () => {
    const found = elements(
      parseAccounting(
        recorded(
          '6_1|COMPLETED|0:0|1795367335|1795367335|1795367336|b1|None|mark1',
          '6_3|COMPLETED|0:0|1795367335|1795367336|1795367337|b1|JobArrayTaskLimit|mark1',
          '6_4|RUNNING|0:0|1795367335|1795367338|Unknown|b2|None|mark1',
          '6_[5,7-8%3]|PENDING|0:0|1795367335|Unknown|Unknown|None assigned|JobArrayTaskLimit|mark1',
        ),
      ),
    );
    const common = { arrayJobId: 6, jobName: 'mark1', submitted: 1795367335 };
    const done = { ...common, state: 'COMPLETED', phase: 'ended', outcome: 'completed', exitCode: 0, signal: 0 };
    const waiting = { ...common, state: 'PENDING', phase: 'queued', reason: 'JobArrayTaskLimit' };
    expect(found).toEqual([
      { ...done, index: 1, node: 'b1', started: 1795367335, ended: 1795367336 },
      { ...done, index: 3, node: 'b1', started: 1795367336, ended: 1795367337, reason: 'JobArrayTaskLimit' },
      { ...common, index: 4, state: 'RUNNING', phase: 'running', node: 'b2', started: 1795367338 },
      { ...waiting, index: 5 },
      { ...waiting, index: 7 },
      { ...waiting, index: 8 },
    ]);
  });

  test('failures: exit code, missing log folder, node, time, memory', () => {
    const found = elements(
      parseAccounting(
        recorded(
          '13_1|FAILED|9:0|1795367365|1795367365|1795367366|c2|None|m',
          '12_1|FAILED|0:53|1795367365|1795367365|1795367366|c1|None|m',
          '8_1|NODE_FAIL|0:0|1795367761|1795367762|1795367773|b1|None|m',
          '9_1|TIMEOUT|0:0|1795367761|1795367762|1795367773|b1|None|m',
          '10_1|OUT_OF_MEMORY|0:125|1795367761|1795367762|1795367773|b1|None|m',
          '20_4|FAILED|0:9|1795367761|1795367762|1795367773|b1|None|m',
        ),
      ),
    );
    expect(found.map(({ outcome, exitCode, signal }) => [outcome, exitCode, signal])).toEqual([
      ['failed', 9, 0],
      ['infrastructure', 0, 53],
      ['node', 0, 0],
      ['timeout', 0, 0],
      ['oom', 0, 125],
      ['failed', 0, 9],
    ]);
  });

  test('a cancelled rest stays one row, with or without a start time', () => {
    const found = elements(
      parseAccounting(
        recorded(
          '10_[1,4-5%2]|CANCELLED by 0|0:0|1795367365|1795367395|1795367395|None assigned|JobHeldUser|mark3',
          '11_[7,9]|CANCELLED by 1000|0:0|1795367365|None|1795367396|None assigned|None|mark4',
        ),
      ),
    );
    expect(found.map(({ arrayJobId, index }) => `${arrayJobId}_${index}`)).toEqual([
      '10_1',
      '10_4',
      '10_5',
      '11_7',
      '11_9',
    ]);
    expect(found[0]).toMatchObject({ outcome: 'cancelled', cancelledBy: 0, ended: 1795367395, reason: 'JobHeldUser' });
    expect(found[4]).toMatchObject({ outcome: 'cancelled', cancelledBy: 1000 });
    expect(found[4]).not.toHaveProperty('started');
    expect(found[4]).not.toHaveProperty('node');
  });

  test('an element with a row of its own is no longer part of the waiting rest', () => {
    const rows = [
      '22_1|RUNNING|0:0|1795368045|1795368045|Unknown|c1|None|m',
      '22_[1-3%2]|PENDING|0:0|1795368045|Unknown|Unknown|None assigned|None|m',
    ];
    for (const order of [rows, rows.toReversed()]) {
      const found = elements(parseAccounting(recorded(...order))).sort((a, b) => a.index - b.index);
      expect(found.map(({ index, state }) => [index, state])).toEqual([
        [1, 'RUNNING'],
        [2, 'PENDING'],
        [3, 'PENDING'],
      ]);
    }
  });

  test('of two rows of one element the later submission counts', () => {
    const rows = [
      '8_1|NODE_FAIL|0:0|1795367761|1795367762|1795367773|b1|None|m',
      '8_1|COMPLETED|0:0|1795367784|1795367794|1795367794|b2|BeginTime|m',
    ];
    for (const order of [rows, rows.toReversed()]) {
      expect(elements(parseAccounting(recorded(...order)))).toMatchObject([{ state: 'COMPLETED', node: 'b2' }]);
    }
  });

  test('a waiting array: in steps, with a throttle, cut short only by who does not ask for all of it', () => {
    const [first, ...rest] = elements(
      parseAccounting(recorded('16_[1-9:4%4]|PENDING|0:0|1795368119|Unknown|Unknown|None assigned|None|mark')),
    );
    expect([first, ...rest].map((element) => element?.index)).toEqual([1, 5, 9]);
    expect(first).toMatchObject({ phase: 'queued', submitted: 1795368119 });
    expect(first).not.toHaveProperty('reason');
    const cut = parseAccounting(
      recorded('16_[1,3,...]|PENDING|0:0|1795368119|Unknown|Unknown|None assigned|None|mark'),
    );
    expect(cut).toEqual({ ok: false, message: expect.stringContaining('16_[1,3,...]') });
  });

  test('requeued after a node failure: the same ids, submitted anew', () => {
    const found = elements(
      parseAccounting(
        recorded(
          '1_0|NODE_FAIL|1:0|1795369693|1795369694|1795369724|b1|None|m',
          '1_0|PENDING|0:0|1795369724|Unknown|Unknown|None assigned|None|m',
          '1_1|PENDING|0:0|1795369724|Unknown|Unknown|None assigned|None|m',
        ),
      ),
    );
    expect(found.map(({ index, phase, submitted }) => [index, phase, submitted])).toEqual([
      [0, 'queued', 1795369724],
      [1, 'queued', 1795369724],
    ]);
  });

  test('jobs that are no arrays are left out; no line at all is an answer too', () => {
    expect(
      elements(parseAccounting(recorded('5|COMPLETED|0:0|1795367243|1795367243|1795367262|b1|None|bash'))),
    ).toEqual([]);
    expect(elements(parseAccounting(''))).toEqual([]);
  });
});

/** What the cluster could not be made to show for slurm-recordings.test.ts: written after the manual pages and sources. */
describe('sacct as documented', () => {
  test.each([
    ['22.05', '1_1|FAILED|0:52|1795367365|1795367365|1795367365|n1|None|m', 'infrastructure'],
    ['26.05', '1_1|FAILED|0:54|1795367365|1795367365|1795367365|n1|Prolog|m', 'infrastructure'],
    ['26.05', '1_1|LAUNCH_FAILED|0:0|1795367365|1795367365|1795367365|n1|None|m', 'infrastructure'],
    ['26.05', '1_1|RECONFIG_FAIL|0:0|1795367365|1795367365|1795367365|n1|None|m', 'infrastructure'],
    ['22.05', '1_1|BOOT_FAIL|0:0|1795367365|1795367365|1795367365|n1|None|m', 'node'],
  ])('%s: %s', (_version, line, outcome) => {
    expect(elements(parseAccounting(recorded(line)))).toMatchObject([{ phase: 'ended', outcome }]);
  });

  test.each([
    ['22.05', 'UNKNOWN', 'unknown'],
    ['26.05', 'POWER_UP_NODE', 'queued'],
    ['24.11', 'RESV_DEL_HOLD', 'queued'],
    ['22.05', 'REQUEUE_HOLD', 'held'],
    ['22.05', 'SPECIAL_EXIT', 'held'],
    ['24.11', 'SIGNALING', 'running'],
    ['22.05', 'SUSPENDED', 'running'],
  ])('%s: %s is no end', (_version, state, phase) => {
    const line = `1_1|${state}|0:0|1795367365|Unknown|Unknown|n1|None|m`;
    const [element] = elements(parseAccounting(recorded(line)));
    expect(element?.phase).toBe(phase);
    expect(element).not.toHaveProperty('exitCode');
  });

  test('requeued, preempted, revoked and states that are not known yet', () => {
    const found = elements(
      parseAccounting(
        recorded(
          '1_1|REQUEUED|0:0|1795367365|1795367365|1795367366|n1|None|m',
          '1_2|PREEMPTED|0:15|1795367365|1795367365|1795367366|n1|None|m',
          '1_3|REVOKED|0:0|1795367365|Unknown|Unknown|None assigned|None|m',
          '1_4|NEWSTATE|0:0|1795367365|Unknown|Unknown|None assigned|None|m',
        ),
      ),
    );
    expect(found.map(({ phase, outcome, provisional }) => [phase, outcome, provisional])).toEqual([
      ['queued', undefined, true],
      ['ended', 'infrastructure', true],
      ['unknown', undefined, undefined],
      ['unknown', undefined, undefined],
    ]);
  });
});

describe('sacct that cannot be read gives no information', () => {
  test.each([
    'JobID|State|ExitCode|Submit|Start|End|NodeList|Reason|JobName',
    '1_[1,3,...]|PENDING|0:0|1795367365|Unknown|Unknown|None assigned|None|m',
    '1_1|COMPLETED|0:0|1795367365|1795367365',
    '1_1|COMPLETED||1795367365|1795367365|1795367366|n1|None|m',
    '1_1|COMPLETED|0:0|1795367365|1795367365|1795367366|n1|None|m|more',
    'second line of a job name',
  ])('%s', (line) => {
    expect(parseAccounting(recorded(line))).toMatchObject({
      ok: false,
      message: expect.stringContaining('cannot be read'),
    });
  });
});

describe('squeue', () => {
  test('24.11: waiting, running and ended elements', () => {
    const found = elements(
      parseQueue(
        recorded(
          '11_[7,9-10%3]|PENDING|1795367365|N/A|N/A||JobArrayTaskLimit|mark4',
          '11_1|RUNNING|1795367365|1795367365|1795453765|b1|None|mark4',
          '11_2|COMPLETING|1795367365|1795367365|1795367380|b1|None|mark4',
          '11_3|CANCELLED|1795367365|1795367365|1795367396|b1|None|mark4',
          '5|COMPLETED|1795367243|1795367243|1795367262|b1|None|bash',
          '30+1|RUNNING|1795367243|1795367243|1795367262|b1|None|het',
        ),
      ),
    );
    const common = { arrayJobId: 11, jobName: 'mark4', submitted: 1795367365 };
    const started = { ...common, node: 'b1', started: 1795367365 };
    expect(found).toEqual([
      ...[7, 9, 10].map((index) => ({
        ...common,
        index,
        state: 'PENDING',
        phase: 'queued',
        reason: 'JobArrayTaskLimit',
      })),
      { ...started, index: 1, state: 'RUNNING', phase: 'running' },
      { ...started, index: 2, state: 'COMPLETING', phase: 'running' },
      { ...started, index: 3, state: 'CANCELLED', phase: 'ended', outcome: 'cancelled', ended: 1795367396 },
    ]);
  });

  test('a job that never ran shows only in the reason, spelt with blanks or with underscores', () => {
    const found = elements(
      parseQueue(
        recorded(
          '12_1|FAILED|1795367365|1795367365|1795367366|c1|RaisedSignal:53(Real-time signal 19)|m',
          '12_2|FAILED|1795367365|1795367365|1795367366|c1|RaisedSignal:53(Real-time_signal_19)|m',
          '12_3|FAILED|1795367365|1795367365|1795367366|c1|NonZeroExitCode|m',
        ),
      ),
    );
    expect(found.map(({ outcome, signal }) => [outcome, signal])).toEqual([
      ['infrastructure', 53],
      ['infrastructure', 53],
      ['failed', undefined],
    ]);
  });

  test('the estimated start of a waiting job is not its start', () => {
    const [element] = elements(parseQueue(recorded('3_1|PENDING|1795367365|1795369999|1795399999||Resources|m')));
    expect(element).not.toHaveProperty('started');
    expect(element).not.toHaveProperty('ended');
  });

  test.each(['1_1|RUNNING', '1_[1,...]|PENDING|1|N/A|N/A||None|m', 'slurm_load_jobs error'])(
    '%s cannot be read',
    (line) => {
      expect(parseQueue(recorded(line))).toMatchObject({ ok: false });
    },
  );
});

describe('parseFound', () => {
  const listing = recorded(
    '22_1|1795368045|ctmgr-x',
    '22_[2-3]|1795368045|ctmgr-x',
    '7|1795368000|ctmgr-x',
    '23|1795368045|ctmgr-xy',
  );

  test('every job once, arrays by their own id, other names left out', () => {
    expect(parseFound('sacct', listing, 'ctmgr-x')).toEqual({ ok: true, jobIds: [7, 22] });
  });

  test('what was submitted before is an older job with the same name', () => {
    expect(parseFound('sacct', listing, 'ctmgr-x', 1795368045)).toEqual({ ok: true, jobIds: [22] });
  });

  test('nothing found is an answer, an id that cannot be read is none', () => {
    expect(parseFound('squeue', '', 'ctmgr-x')).toEqual({ ok: true, jobIds: [] });
    expect(parseFound('squeue', recorded('?|ctmgr-x'), 'ctmgr-x')).toMatchObject({ ok: false });
  });
});
