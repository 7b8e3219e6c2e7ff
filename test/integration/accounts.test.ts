import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { packageRoot } from '../../lib/config/paths.ts';
import { type ProcessEnd, runProcess } from './support/run-node.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctmgr accounts'-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** The groups of a process for which `script` is id(1). */
function callerGroups(script: string): Promise<ProcessEnd> {
  writeFileSync(join(folder, 'id'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const program = `
    import { callerGroups } from ${JSON.stringify(join(packageRoot(), 'lib/util/accounts.ts'))};
    try { console.log(callerGroups().join(',')); } catch ({ code, why }) { console.log(code, why); }`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program];
  return runProcess(process.execPath, args, { env: { PATH: `${folder}:${process.env['PATH']}` } });
}

test('a group with blanks in its name is one group, and not some others', async () => {
  const script = String.raw`printf 'domain users\0projx\0004711\0'; exit 1`;
  expect(await callerGroups(script)).toEqual({ code: 0, stdout: 'projx\n', stderr: '' });
});

test('groups that cannot be asked for are not none', async () => {
  const { stdout } = await callerGroups('echo "id: invalid option" >&2; exit 1');
  expect(stdout).toBe('unavailable id: invalid option\n');
});
