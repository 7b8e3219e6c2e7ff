import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { backUpSite } from '../../lib/service/backup-site.ts';
import { restoreSite } from '../../lib/service/restore-site.ts';
import { takeServiceLock } from '../../lib/service/service-lock.ts';
import { arraysOfTag } from '../../lib/store/build-arrays.ts';
import { listBuildTags } from '../../lib/store/build-tags.ts';
import { openStore } from '../../lib/store/open.ts';
import { runNode } from './support/run-node.ts';
import { importOne, makeTestSite, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;
let file: string;

beforeEach(async () => {
  site = await makeTestSite();
  file = join(site.folder, 'backup.tar');
  await importOne(site, 'app');
  await recordAll(site);
});

afterEach(async () => {
  await site.remove();
});

/** The other processes have let go of the database by then. */
const closed = async (): Promise<void> => site.store.destroy();

const restore = (replace = false) => restoreSite(site.config, site.paths, { file, replace, actor: 'tester' });

test('a backup is one moment of a database that others write to all the time', async () => {
  const writer = runNode('count-up.ts', [site.paths.database, '50']);
  await backUpSite(site.paths, file);
  expect(await writer).toMatchObject({ code: 0, stderr: '' });
  await closed();
  await restore(true);
  const store = await openStore(site.paths.database);
  const counts = (await store.selectFrom('event').select('subject').where('kind', '=', 'test.count').execute()).map(
    ({ subject }) => Number(subject),
  );
  expect(counts).toEqual(counts.map((_count, i) => i + 1));
  expect(await listBuildTags(store)).toHaveLength(1);
  await store.destroy();
});

test('what was not submitted yet is in doubt after a restore', async () => {
  await backUpSite(site.paths, file);
  await closed();
  await restore(true);
  const store = await openStore(site.paths.database);
  const [tag] = await listBuildTags(store);
  expect(await arraysOfTag(store, tag?.id ?? 0)).toMatchObject([
    { state: 'submitting', submitter: null, attempted_at: tag?.created_at },
  ]);
  await store.destroy();
});

test('a restore keeps the database that was there', async () => {
  await backUpSite(site.paths, file);
  await importOne(site, 'later');
  await expect(restore()).rejects.toMatchObject({ code: 'cannotCreate' });
  await expect(restore(true)).rejects.toMatchObject({ code: 'tryAgain' });
  await closed();
  const { aside } = await restore(true);
  const old = await openStore(aside ?? '');
  expect(await old.selectFrom('recipe').select('name').execute()).toEqual([{ name: 'app' }, { name: 'later' }]);
  await old.destroy();
  expect(readdirSync(site.paths.state).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a restore waits for the service to be stopped', async () => {
  await backUpSite(site.paths, file);
  const release = await takeServiceLock(site.store, site.paths.state);
  await expect(restore(true)).rejects.toMatchObject({ code: 'tryAgain' });
  await release();
});

test.each([
  ['cut off', () => writeFileSync(file, readFileSync(file).subarray(0, 20_000))],
  ['changed', () => writeFileSync(file, readFileSync(file).fill('x', 30_000, 30_010))],
  ['something else', () => writeFileSync(file, 'hello')],
  ['not there', () => rmSync(file)],
  ['another archive', () => spawnSync('tar', ['-cf', file, '-C', site.folder, 'config.toml'])],
])('a backup that is %s changes nothing', async (_what, damage) => {
  await backUpSite(site.paths, file);
  damage();
  const before = readFileSync(site.paths.database);
  await expect(restore(true)).rejects.toMatchObject({ code: 'inputMissing' });
  expect(readFileSync(site.paths.database).equals(before)).toBe(true);
  expect(readdirSync(site.paths.state).filter((name) => name.includes('restore'))).toEqual([]);
});

test('what is no backup is told so, with a way out that fits', async () => {
  await closed();
  for (const text of ['no archive', undefined]) {
    if (text !== undefined) writeFileSync(file, text);
    else rmSync(file);
    await expect(restore(true)).rejects.toMatchObject({
      code: 'inputMissing',
      message: `${file} is not a whole backup of ctmgr`,
      hint: 'take another backup',
    });
  }
});
