import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../lib/store/migrate.ts';
import { connect, openStore } from '../../lib/store/open.ts';
import { runNode } from './support/run-node.ts';
import { makeStore } from './support/test-site.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctmgr store's-"));
  path = join(folder, 'ctmgr.db');
});

afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const refusal = async (): Promise<unknown> => openStore(path).catch((error: unknown) => error);

describe('migrations', () => {
  test('make the schema from nothing, and do nothing the second time', async () => {
    const store = connect(path, true);
    const [first, ...later] = await migrate(store);
    expect([first, later.length > 0]).toEqual(['0001_initial', true]);
    expect(await migrate(store)).toEqual([]);
    await store.destroy();
    const opened = await openStore(path);
    expect(await opened.selectFrom('recipe').selectAll().execute()).toEqual([]);
    await opened.destroy();
  });

  test('from several processes at once: one does each, nobody fails', async () => {
    const ends = await Promise.all([1, 2, 3].map(() => runNode('migrate-store.ts', [path])));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
    const done = ends.flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(done.length).toBeGreaterThan(1);
    expect(new Set(done).size).toBe(done.length);
  });

  test('a failed one leaves nothing behind', async () => {
    const store = connect(path, true);
    await sql`create table overlay (id integer)`.execute(store);
    await expect(migrate(store)).rejects.toThrow(/overlay already exists/);
    const tables = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(store);
    expect(tables.rows).toEqual([{ name: 'overlay' }]);
    await store.destroy();
  });

  test('a newer schema is refused, by opening and by migrating', async () => {
    const store = await makeStore(path);
    await sql`insert into kysely_migration values ('0999_future', '2030-01-01')`.execute(store);
    expect(await refusal()).toMatchObject({ code: 'configuration', why: expect.stringContaining('0999_future') });
    await expect(migrate(store)).rejects.toMatchObject({ code: 'configuration' });
    await store.destroy();
  });

  test('an older schema is refused with the way out', async () => {
    await connect(path, true).destroy();
    writeFileSync(path, '');
    expect(await refusal()).toMatchObject({ code: 'configuration', hint: 'ctmgr migrate' });
  });
});

describe('opening', () => {
  test('a missing database', async () => {
    expect(await refusal()).toMatchObject({ code: 'configuration', hint: expect.stringContaining('ctmgr init') });
  });

  test('a file that is no database', async () => {
    writeFileSync(path, 'This is a text and no database, whatever its name says.\n'.repeat(200));
    expect(await refusal()).toMatchObject({ code: 'configuration', why: expect.stringContaining('not a database') });
  });
});

test('processes that read and then write queue up: no lock error, no lost update', async () => {
  await (await makeStore(path)).destroy();
  const ends = await Promise.all([1, 2, 3, 4].map(() => runNode('count-up.ts', [path, '100'])));
  expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
  const store = await openStore(path);
  const events = await store.selectFrom('event').select(['subject', 'actor']).orderBy('id').execute();
  expect(events.map(({ subject }) => Number(subject))).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
  expect(new Set(events.map(({ actor }) => actor)).size).toBe(4);
  await store.destroy();
});

test('a transaction that throws changes nothing', async () => {
  const store = await makeStore(path);
  const attempt = store.transaction().execute(async (db) => {
    await sql`insert into event values (1, 0, 'a', 'b', 'c', '{}')`.execute(db);
    throw new Error('stop');
  });
  await expect(attempt).rejects.toThrow('stop');
  expect(await store.selectFrom('event').selectAll().execute()).toEqual([]);
  await store.destroy();
});
