import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { run, type RunOptions } from '../../lib/util/run.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-run-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that a signal ends as often as said, and that does its work after that. */
async function hitBy(signal: string, times: number, options: RunOptions = {}) {
  const script = `echo x >>starts; [ $(wc -l <starts) -gt ${times} ] || kill -${signal} $$; cat`;
  const result = await run('sh', ['-c', script], { cwd: folder, input: 'work', ...options });
  return { ...result, starts: readFileSync(join(folder, 'starts'), 'utf8').split('\n').length - 1 };
}

describe('a program that Ctrl-C hits before it has a session of its own', () => {
  it('is started again', async () => {
    expect(await hitBy('INT', 1)).toMatchObject({ starts: 2, exitCode: 0, stdout: 'work', signal: undefined });
  });

  it('is started again only once', async () => {
    expect(await hitBy('INT', 9)).toMatchObject({ starts: 2, exitCode: undefined, signal: 'SIGINT' });
  });

  it('is left alone if doing it twice is not the same', async () => {
    expect(await hitBy('INT', 1, { once: true })).toMatchObject({ starts: 1, signal: 'SIGINT' });
  });

  it('is left alone if another signal ends it', async () => {
    expect(await hitBy('TERM', 1)).toMatchObject({ starts: 1, signal: 'SIGTERM' });
  });
});
