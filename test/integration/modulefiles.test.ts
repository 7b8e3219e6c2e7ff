import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { audienceOf, writeModulefiles } from '../../lib/builds/write-modulefiles.ts';
import { findGroup } from '../../lib/util/accounts.ts';

const tag = '2026-11-22.1';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-modules-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (names: string[], format: 'tcl' | 'lua' = 'tcl', all = true) =>
  writeModulefiles(
    folder,
    names.map((name) => ({ name, tag })),
    { format, all },
  );

test('one file for each image, written only when it says something else, in a mode that all can read', async () => {
  expect(await write(['app', 'lib'])).toEqual({ written: ['app', 'lib'], unchanged: [], removed: [] });
  expect(await write(['app', 'lib'])).toEqual({ written: [], unchanged: ['app', 'lib'], removed: [] });
  expect(statSync(join(folder, 'app')).mode & 0o777).toBe(0o644);
  expect(readFileSync(join(folder, 'app'), 'utf8')).toContain('\nsetenv SRUN_CONTAINER app\n');
  expect(await write(['app'], 'tcl', false)).toMatchObject({ unchanged: ['app'], removed: [] });
  expect(await write(['app'])).toMatchObject({ removed: ['lib'] });
  expect(await write(['app'], 'lua')).toMatchObject({ written: ['app.lua'], removed: ['app'] });
  expect(readdirSync(folder)).toEqual(['app.lua']);
});

test('what is not ours stays, and is not replaced', async () => {
  writeFileSync(join(folder, 'own'), '#%Module1.0\nsetenv A b\n');
  writeFileSync(join(folder, 'outside'), '');
  symlinkSync('outside', join(folder, 'link'));
  mkdirSync(join(folder, 'dir'));
  await write(['app']);
  expect(await write([])).toEqual({ written: [], unchanged: [], removed: ['app'] });
  for (const name of ['own', 'link', 'dir']) {
    await expect(write(['app', name])).rejects.toMatchObject({ code: 'cannotCreate' });
  }
  expect(readdirSync(folder)).toEqual(['dir', 'link', 'outside', 'own']);
});

test('a folder is for a group only if it is closed to all others', async () => {
  const { gid } = statSync(folder);
  const group = ['root', 'users', 'nogroup'].find((name) => findGroup(name)?.gid === gid) ?? 'root';
  chmodSync(folder, 0o755);
  expect(await audienceOf(folder, [group])).toBeNull();
  chmodSync(folder, 0o750);
  expect(await audienceOf(folder, ['nosuch', group])).toBe(findGroup(group)?.gid === gid ? group : null);
  expect(await audienceOf(folder, ['nosuch'])).toBeNull();
  await expect(audienceOf(join(folder, 'none'), [])).rejects.toMatchObject({ code: 'inputMissing' });
  // A loop of links stands for all that says nothing about the folder.
  symlinkSync('loop', join(folder, 'loop'));
  await expect(audienceOf(join(folder, 'loop'), [])).rejects.toMatchObject({ code: 'notAllowed' });
});
