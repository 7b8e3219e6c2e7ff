import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { migrate } from '../../lib/store/migrate.ts';
import { connect } from '../../lib/store/open.ts';
import { goldenFolder, goldenNames, loadDump, renderAll } from './support/golden.ts';

/**
 * A stored version renders to the same bytes for ever. Databases of all schemas that sites may have are kept here with what they rendered
 * to; today's ctmgr migrates them and must write the same.
 *
 * A schema change adds a golden folder: `test/golden` writes one for the newest schema. Before a release it may be written again as often
 * as the text of definitions improves. A release adds the empty file RELEASED to the newest folder, and from then on nobody changes it:
 * a definition that must become different gets a new number `newestRenderer` in lib/definitions/recipe-plan.ts, which only versions
 * stored from then on have, and the code asks `plan.renderer` which text to write.
 */
const folder = mkdtempSync(join(tmpdir(), 'ctmgr-golden-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(goldenNames())('versions stored with schema %s render to the same bytes', async (name) => {
  const path = join(folder, `${name}.db`);
  loadDump(name, path);
  const store = connect(path, false);
  await migrate(store);
  const definitions = await renderAll(store);
  await store.destroy();
  const files = readdirSync(join(goldenFolder, name)).filter((file) => file.endsWith('.def'));
  expect([...definitions.keys()].toSorted()).toEqual(files.toSorted());
  for (const file of files)
    expect([file, definitions.get(file)]).toEqual([file, readFileSync(join(goldenFolder, name, file), 'utf8')]);
  expect(files.length).toBeGreaterThan(25);
});

test('at most one folder is not released', () => {
  expect(goldenNames().filter((name) => !existsSync(join(goldenFolder, name, 'RELEASED'))).length).toBeLessThan(2);
});
