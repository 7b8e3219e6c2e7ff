import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeServiceLock } from '../../lib/service/service-lock.ts';
import type { Store } from '../../lib/store/open.ts';
import { isAlive, processIdentity } from '../../lib/util/process-identity.ts';
import { runNode } from './support/run-node.ts';
import { makeStore } from './support/test-site.ts';

let folder: string;
let lock: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctmgr lock's-"));
  lock = join(folder, 'service.lock');
  store = await makeStore(join(folder, 'ctmgr.db'));
});

afterEach(async () => {
  await store.destroy();
  rmSync(folder, { recursive: true });
});

const refusal = { code: 'tryAgain', why: expect.stringContaining(`process ${process.pid} holds`) };

test('one service at a time, and the next one after it', async () => {
  const release = await takeServiceLock(store, folder);
  expect(readFileSync(lock, 'utf8')).toBe(processIdentity());
  await expect(takeServiceLock(store, folder)).rejects.toMatchObject(refusal);
  await release();
  expect(existsSync(lock)).toBe(false);
  await (
    await takeServiceLock(store, folder)
  )();
});

test('a lock whose process is dead is taken over', async () => {
  const { stdout } = await runNode('take-lock.ts', [join(folder, 'ctmgr.db'), folder, '0']);
  expect(stdout).toBe('taken\n');
  expect(existsSync(lock)).toBe(true);
  await (
    await takeServiceLock(store, folder)
  )();
});

test.each(['', 'nonsense', ':::', `another-boot:${process.pid}:1`])(
  'what is no living process holds nothing: %j',
  async (text) => {
    writeFileSync(lock, text);
    const release = await takeServiceLock(store, folder);
    expect(readFileSync(lock, 'utf8')).toBe(processIdentity());
    await release();
  },
);

test('a service gives back only its own lock', async () => {
  const release = await takeServiceLock(store, folder);
  writeFileSync(lock, 'of somebody else');
  await release();
  expect(readFileSync(lock, 'utf8')).toBe('of somebody else');
});

test('of several that start at once exactly one gets it', async () => {
  const ends = await Promise.all([1, 2, 3].map(() => runNode('take-lock.ts', [join(folder, 'ctmgr.db'), folder, '3'])));
  expect(ends.map(({ stderr }) => stderr)).toEqual(['', '', '']);
  expect(ends.filter(({ stdout }) => stdout === 'taken\n')).toHaveLength(1);
  expect(ends.filter(({ stdout }) => stdout.startsWith('refused: '))).toHaveLength(2);
});

test('a process knows itself, and not one that only has its number', () => {
  const [boot = '', pid = '', start = ''] = processIdentity().split(':');
  expect(isAlive(`${boot}:${pid}:${start}`)).toBe(true);
  expect(isAlive(`${boot}:${pid}:${Number(start) + 1}`)).toBe(false);
  expect(isAlive(`${boot}:1:${start}`)).toBe(false);
  expect(isAlive(`x${boot}:${pid}:${start}`)).toBe(false);
});
