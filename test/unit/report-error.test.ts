import { describe, expect, test } from '@jest/globals';
import { describeError } from '../../lib/cli/report-error.ts';
import { CtmgrError, errorText, exitCodes, isSystemError } from '../../lib/util/errors.ts';

describe('an error that explains itself', () => {
  test('has at most three parts: what, why, what to do', () => {
    const error = new CtmgrError('inputMissing', 'there is no image x', { why: 'two\nlines\n', hint: 'ctmgr list' });
    expect(describeError(error, '1.0')).toEqual({
      exitCode: 66,
      text: 'ctmgr: there is no image x\n  two\n  lines\nTry: ctmgr list\n',
      json: { error: { code: 'inputMissing', message: 'there is no image x: two\nlines\n', hint: 'ctmgr list' } },
    });
  });

  test('leaves out what it does not know', () => {
    const report = describeError(new CtmgrError('usage', 'no'), '1.0');
    expect(report).toEqual({
      exitCode: 64,
      text: 'ctmgr: no\n',
      json: { error: { code: 'usage', message: 'no', hint: null } },
    });
  });
});

test('anything else is our bug and says so, with version and stack', () => {
  const report = describeError(new TypeError('x is undefined'), '1.0');
  expect(report.exitCode).toBe(70);
  expect(report.text).toMatch(/^ctmgr: this is a bug in ctmgr 1\.0 \(Node v\d+\..*\): x is undefined\n/);
  expect(report.text).toContain('report-error.test.ts');
  expect(report.json).toEqual({ error: { code: 'bug', message: 'x is undefined', hint: null } });
  expect(describeError('thrown text', '1.0').text).toContain('thrown text');
});

test('exit codes are those of sysexits(3)', () => {
  expect(exitCodes).toEqual({
    failed: 1,
    usage: 64,
    badDefinition: 65,
    inputMissing: 66,
    unavailable: 69,
    bug: 70,
    cannotCreate: 73,
    tryAgain: 75,
    notAllowed: 77,
    configuration: 78,
    interrupted: 130,
  });
});

test('system errors are told apart by their code', () => {
  const error = Object.assign(new Error('gone'), { code: 'ENOENT' });
  expect(isSystemError(error, 'EACCES', 'ENOENT')).toBe(true);
  expect(isSystemError(error, 'EACCES')).toBe(false);
  expect(isSystemError(new Error('x'), 'ENOENT')).toBe(false);
  expect(isSystemError({ code: 'ENOENT' }, 'ENOENT')).toBe(false);
  expect(isSystemError(undefined, 'ENOENT')).toBe(false);
  expect([errorText(error), errorText('text'), errorText(undefined)]).toEqual(['gone', 'text', 'undefined']);
});
