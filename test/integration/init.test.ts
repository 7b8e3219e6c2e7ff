import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run as init } from '../../lib/commands/init.ts';
import type { Context } from '../../lib/commands/context.ts';
import { loadConfig } from '../../lib/config/load-config.ts';
import { currentUserName } from '../../lib/util/accounts.ts';
import { runCli } from './support/run-cli.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctmgr init's-"));
  path = join(folder, 'config.toml');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** `ctmgr init` of a site in the temporary folder; whoever runs the tests is the service account. */
async function call(more: Parameters<typeof init>[0] = {}): Promise<unknown> {
  const loaded = loadConfig(path);
  const given = {
    share: join(folder, 'share'),
    state: join(folder, 'state'),
    'build-user': currentUserName(),
    ...more,
  };
  return init(given, { loaded, config: loaded.config } as Context);
}

test.each([
  [{ share: 'srv' }, { code: 'usage', why: expect.stringContaining('paths.share: expected an absolute path') }],
  [{ 'build-user': 'a b' }, { code: 'usage', why: expect.stringContaining('build.user') }],
  [{ 'build-user': 'nobody-has-this' }, { code: 'configuration', why: 'build.user names it' }],
  [{ 'admin-group': 'nobody-has-this' }, { code: 'configuration', why: 'rights.admin_groups names it' }],
])('%j is refused before a configuration keeps it', async (wrong, expected) => {
  await expect(call(wrong)).rejects.toMatchObject(expected);
  expect(existsSync(path)).toBe(false);
  expect(existsSync(join(folder, 'state'))).toBe(false);
});

test('a configuration that is lost is not replaced, and its database keeps its owners', async () => {
  const database = join(folder, 'state/ctmgr.db');
  mkdirSync(join(folder, 'state'));
  writeFileSync(database, 'of the site', { mode: 0o640 });
  await expect(call()).rejects.toMatchObject({ code: 'configuration', why: expect.stringContaining(database) });
  expect(existsSync(path)).toBe(false);
  expect(statSync(database).mode & 0o777).toBe(0o640);
});

test('a configuration that CTMGR_CONFIG names has to be there, but not for what needs none', async () => {
  const { code, stderr } = await runCli(['list'], path);
  expect([code, stderr]).toEqual([
    78,
    `ctmgr: there is no configuration ${path}\n  CTMGR_CONFIG names it\nTry: correct CTMGR_CONFIG, or unset it\n`,
  ]);
  expect((await runCli(['completion', 'bash'], path)).code).toBe(0);
  writeFileSync(path, '[paths]\nshre = "/srv"\n');
  expect((await runCli(['list'], path)).stderr).toContain('CTMGR_CONFIG=/dev/null ctmgr config');
  expect((await runCli(['config', '-P', '-n'], '/dev/null')).stdout).toContain('paths.share|/srv/ctmgr|default\n');
  expect(await runCli(['--version'], path)).toMatchObject({ code: 0, stderr: '' });
});
