import { describe, expect, test } from '@jest/globals';
import type { Terminal } from '../../lib/commands/context.ts';
import type { ProgressRow } from '../../lib/commands/progress-row.ts';
import { makeProgressView, paint } from '../../lib/commands/progress-view.ts';
import { epochSeconds } from '../../lib/util/clock.ts';

function row(name: string, status: ProgressRow['status'], more: Partial<ProgressRow> = {}): ProgressRow {
  const nothing = { failure_kind: null, message: null, reason: null, node: null, started: null, ended: null };
  return { name, tag: '2026-11-22.1', status, job: '41_0', class: 'big', ...nothing, ...more };
}

/** A terminal that remembers what it was told. */
function makeRecorder(interactive: boolean): { terminal: Terminal; said: string[]; painted: string[][] } {
  const said: string[] = [];
  const painted: string[][] = [];
  const terminal: Terminal = {
    interactive,
    say: (line) => said.push(line),
    repaint: (lines) => painted.push(lines),
    settle: () => undefined,
  };
  return { terminal, said, painted };
}

describe('the picture on a terminal', () => {
  test('bar, estimate, nodes, what needs somebody, and what is not good', () => {
    const now = epochSeconds();
    const rows = [
      row('app', 'building', { node: 'b2', started: now - 100 }),
      row('lib', 'building', { node: 'b1', started: now - 3700 }),
      row('tool', 'building', { node: 'b1', started: now }),
      row('done', 'success'),
      row('held', 'queued', { reason: 'JobHeldUser', job: '41_4' }),
      row('next', 'queued', { reason: 'Resources' }),
      row('bad', 'failure', { failure_kind: 'build' }),
    ];
    const expected = new Map([
      ['app', 160],
      ['lib', 3600],
      ['tool', 50],
      ['next', 100],
    ]);
    expect(paint(rows, expected)).toEqual([
      expect.stringMatching(
        /^\[#{8}-{22}\] 2\/7 {2}7 images: 2 queued, 3 building, 1 success, 1 failure {2}about 00:01:(40|39) left$/,
      ),
      expect.stringMatching(/^ {2}b1: lib 01:01:4\d, tool 00:00:0\d$/),
      expect.stringMatching(/^ {2}b2: app 00:01:4\d$/),
      'held waits: JobHeldUser: somebody holds the job. Try: scontrol release 41_4',
      '  bad   failure    build',
      '  held  queued     JobHeldUser',
      '  next  queued     Resources',
    ]);
  });

  test('without any earlier build there is no estimate', () => {
    expect(paint([row('app', 'building', { started: 1 })], new Map())[0]).toMatch(/building$/);
  });
});

describe('the lines elsewhere', () => {
  test('each change once, each hint once, and nothing is painted', () => {
    const { terminal, said, painted } = makeRecorder(false);
    const before = [row('app', 'queued'), row('tool', 'queued')];
    const view = makeProgressView(terminal, before, new Map());
    const held = [row('app', 'building'), row('tool', 'queued', { reason: 'JobHeldAdmin' })];
    view(['sacct ended with exit code 1'], held);
    view([], held);
    view([], [row('app', 'failure', { failure_kind: 'oom', message: 'out of memory' }), row('tool', 'success')]);
    expect(said.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
      'ctmgr: sacct ended with exit code 1',
      'app: queued -> building',
      'ctmgr: tool waits: JobHeldAdmin: somebody holds the job. Try: scontrol release 41_0',
      'app: building -> failure (oom: out of memory)',
      'tool: queued -> success',
    ]);
    expect(painted).toEqual([]);
  });
});
