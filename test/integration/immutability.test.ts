import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beginAttempts } from '../../lib/builds/begin-attempt.ts';
import { addOverlay } from '../../lib/definitions/change-overlays.ts';
import { importRecipe } from '../../lib/definitions/import-recipe.ts';
import { changeInstance } from '../../lib/store/instances.ts';
import { recordMeaning } from '../../lib/store/name-meanings.ts';
import { storeBenchmark } from './support/store-benchmark.ts';
import { importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

/** A table and a statement part that changes one of its columns. */
const immutable = [
  ['recipe_content', 'message'],
  ['container_build_task', 'content'],
  ['container_file', 'destination'],
  ['container_environment', 'value'],
  ['container_label', 'value'],
  ['container_runscript', 'word'],
  ['container_startscript', 'word'],
  ['container_base_config', 'config'],
  ['overlay_content', 'selector_value'],
  ['overlay_task', 'command'],
  ['instance_overlay', 'position'],
  ['instance_attempt', 'message'],
  ['benchmark_run', 'metrics'],
  ['benchmark_pair', 'sequence'],
  ['benchmark_result', 'measurements'],
  ['event', 'detail'],
  ['name_meaning', 'since'],
] as const;

let site: TestSite;

beforeAll(async () => {
  site = await makeTestSite();
  const context = join(site.folder, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'a'), 'a');
  const dockerfile = join(site.folder, 'Dockerfile');
  const lines = ['FROM debian:12', 'ENV A=1', 'LABEL b=c', 'COPY a /a', 'RUN true', 'ENTRYPOINT ["/bin/app"]'];
  writeFileSync(dockerfile, `${lines.join('\n')}\n`);
  const baseConfig = join(site.folder, 'base.json');
  writeFileSync(baseConfig, '{"config":{"Env":["B=1"]}}');
  const request = { dockerfile, name: 'full', context, buildArgs: {}, baseName: undefined, baseConfig };
  await importRecipe(site.store, site.paths.contexts, { ...request, class: undefined, message: 'why' }, 'tester');
  const selector = { kind: 'all' as const, value: '' };
  await addOverlay(site.store, { name: 'site', commands: ['true'], selector, message: null }, 'tester');
  const { instances } = await recordAll(site);
  const ended = { failure_kind: null, message: null, node: null, exit_code: null, started_at: null, ended_at: 1 };
  const retries = instances.map((instance) => ({
    instance,
    ended: { status: 'failure' as const, ...ended },
    next: { class: 'default', delay: 0 },
  }));
  await site.store.transaction().execute((db) => beginAttempts(db, site, retries, 1));
  await storeBenchmark(site.store);
  await recordMeaning(site.store, instances[0]?.recipe_id ?? 0, instances[0]?.id ?? 0, 1);
});

afterAll(async () => {
  await site.remove();
});

describe('history stays as it was written', () => {
  test.each(immutable)('%s', async (table, column) => {
    const rows = async (): Promise<unknown[]> =>
      (await sql`select * from ${sql.table(table)}`.execute(site.store)).rows;
    const before = await rows();
    expect(before.length).toBeGreaterThan(0);
    const change = sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sql.ref(column)}`;
    await expect(change.execute(site.store)).rejects.toThrow(`${table} is history and is never changed`);
    const removal = sql`delete from ${sql.table(table)}`;
    await expect(removal.execute(site.store)).rejects.toThrow(`${table} is history and is never deleted`);
    const replacement = sql`insert or replace into ${sql.table(table)} select * from ${sql.table(table)}`;
    await expect(replacement.execute(site.store)).rejects.toThrow(`${table} is history and is never replaced`);
    expect(await rows()).toEqual(before);
  });

  test('no other table is left out by mistake', async () => {
    const { rows } = await sql<{ name: string }>`select distinct tbl_name as name from sqlite_master
      where type = 'trigger' and sql like '%is never changed%' order by 1`.execute(site.store);
    expect(rows.map(({ name }) => name)).toEqual(immutable.map(([table]) => table).sort());
  });

  test('what history refers to cannot be deleted either', async () => {
    for (const table of ['recipe', 'base_image', 'overlay', 'build_tag', 'build_array']) {
      await expect(sql`delete from ${sql.table(table)}`.execute(site.store)).rejects.toThrow(/FOREIGN KEY/);
    }
  });
});

describe('an instance', () => {
  test.each(['failure', 'cancelled', 'success'] as const)('that ended with %s stays so', async (status) => {
    await importOne(site, `end-${status}`);
    const { instances } = await recordAll(site);
    const { id } = named(instances, `end-${status}`);
    const end = {
      failure: { status, failure_kind: 'build' as const },
      cancelled: { status },
      success: { status, file: '/x.sif', size: 1, sha256: 'a'.repeat(64) },
    }[status];
    expect(await changeInstance(site.store, id, 'pending', end)).toBe(true);
    await expect(changeInstance(site.store, id, status, { status: 'lost', failure_kind: null })).rejects.toThrow(
      'keeps its status',
    );
    expect(await changeInstance(site.store, id, 'pending', { status: 'building' })).toBe(false);
  });

  test('given up may still turn out well', async () => {
    await importOne(site, 'late');
    const { id } = named((await recordAll(site)).instances, 'late');
    expect(await changeInstance(site.store, id, 'pending', { status: 'lost' })).toBe(true);
    const good = { status: 'success' as const, file: '/x.sif', size: 1, sha256: 'a'.repeat(64) };
    expect(await changeInstance(site.store, id, 'lost', good)).toBe(true);
  });

  test('cannot be half of something', async () => {
    await importOne(site, 'half');
    const { id } = named((await recordAll(site)).instances, 'half');
    const wrong = [{ status: 'failure' }, { failure_kind: 'build' }, { status: 'success' }, { status: 'frobnicated' }];
    for (const change of wrong) {
      await expect(changeInstance(site.store, id, 'pending', change as object)).rejects.toThrow(/CHECK/);
    }
  });
});
