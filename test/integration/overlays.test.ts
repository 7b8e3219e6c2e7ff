import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { addOverlay, dropOverlay, editOverlay, orderOverlays } from '../../lib/definitions/change-overlays.ts';
import { parseSelector } from '../../lib/definitions/overlay-selector.ts';
import { renderRecipe } from '../../lib/definitions/render-recipe.ts';
import { updateBaseImage } from '../../lib/store/base-images.ts';
import { listBuilds } from '../../lib/store/catalogue-rows.ts';
import { listOverlays, overlayHistory } from '../../lib/store/overlays.ts';
import { listCurrentRecipes } from '../../lib/store/recipes.ts';
import { importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;

beforeEach(async () => {
  site = await makeTestSite();
});

afterEach(async () => {
  await site.remove();
});

async function add(name: string, selector = 'all', commands = ['true']): Promise<number> {
  return addOverlay(site.store, { name, commands, selector: parseSelector(selector), message: null }, 'admin1');
}

async function order(): Promise<string[]> {
  return (await listOverlays(site.store)).map(({ name, version }) => `${name}:${version}`);
}

describe('overlays', () => {
  test('apply in the order in which they came, or in the one that was set', async () => {
    for (const name of ['a', 'b', 'c']) expect(await add(name)).toBe(1);
    expect(await order()).toEqual(['a:1', 'b:1', 'c:1']);
    await orderOverlays(site.store, ['c', 'a', 'b'], 'admin1');
    expect(await order()).toEqual(['c:1', 'a:1', 'b:1']);
    await add('d');
    expect(await order()).toEqual(['c:1', 'a:1', 'b:1', 'd:1']);
  });

  test.each([
    ['one is missing', ['a'], 'missing: b'],
    ['one is unknown', ['a', 'b', 'x'], 'unknown or doubled: x'],
    ['one is named twice', ['a', 'b', 'a'], 'unknown or doubled: a'],
  ])('an order is refused when %s', async (_what, names, why) => {
    await add('a');
    await add('b');
    await expect(orderOverlays(site.store, names, 'admin1')).rejects.toMatchObject({ code: 'usage', why });
    expect(await order()).toEqual(['a:1', 'b:1']);
  });

  test('a change makes a version and keeps the old one; no change makes none', async () => {
    await add('a', 'all', ['one', 'two']);
    const unset = { name: 'a', commands: undefined, selector: undefined, message: null };
    expect(await editOverlay(site.store, unset, 'admin2')).toBeUndefined();
    expect(await editOverlay(site.store, { ...unset, commands: ['one', 'two'] }, 'admin2')).toBeUndefined();
    expect(await editOverlay(site.store, { ...unset, commands: ['two', 'one'], message: 'turned' }, 'admin2')).toBe(2);
    expect(await editOverlay(site.store, { ...unset, selector: parseSelector('recipe:x*') }, 'admin2')).toBe(3);
    expect(await overlayHistory(site.store, 'a')).toMatchObject([
      { version: 1, commands: ['one', 'two'], selector: { kind: 'all' }, createdBy: 'admin1', message: null },
      { version: 2, commands: ['two', 'one'], selector: { kind: 'all' }, createdBy: 'admin2', message: 'turned' },
      { version: 3, commands: ['two', 'one'], selector: { kind: 'recipe', value: 'x*' }, message: null },
    ]);
    expect(await order()).toEqual(['a:3']);
  });

  test('one that was removed comes back at the end and counts on', async () => {
    await add('a');
    await add('b');
    await dropOverlay(site.store, 'a', 'admin1');
    expect(await order()).toEqual(['b:1']);
    expect(await add('a')).toBe(2);
    expect(await order()).toEqual(['b:1', 'a:2']);
    expect((await overlayHistory(site.store, 'a')).map(({ version }) => version)).toEqual([1, 2]);
  });

  test('names that are taken or unknown are refused', async () => {
    await add('a');
    await expect(add('a')).rejects.toMatchObject({ code: 'usage', hint: 'ctmgr overlay edit a' });
    const change = { name: 'x', commands: ['true'], selector: undefined, message: null };
    await expect(editOverlay(site.store, change, 'admin1')).rejects.toMatchObject({ code: 'inputMissing' });
    await expect(dropOverlay(site.store, 'x', 'admin1')).rejects.toMatchObject({ code: 'inputMissing' });
    await dropOverlay(site.store, 'a', 'admin1');
    await expect(dropOverlay(site.store, 'a', 'admin1')).rejects.toMatchObject({ code: 'inputMissing' });
  });

  test('every change is an event with its actor', async () => {
    await add('a');
    await editOverlay(site.store, { name: 'a', commands: ['x'], selector: undefined, message: null }, 'admin2');
    await orderOverlays(site.store, ['a'], 'admin3');
    await dropOverlay(site.store, 'a', 'admin4');
    const events = await site.store.selectFrom('event').select(['kind', 'subject', 'actor']).orderBy('id').execute();
    expect(events.map(({ kind, subject, actor }) => `${kind} ${subject} ${actor}`)).toEqual([
      'overlay.add a admin1',
      'overlay.edit a admin2',
      'overlay.order a admin3',
      'overlay.remove a admin4',
    ]);
  });
});

describe('overlays join recipes when they are planned', () => {
  async function joined(): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {};
    for (const recipe of await listCurrentRecipes(site.store)) {
      const { overlays, definition } = await renderRecipe(site.store, recipe, site.config);
      found[recipe.recipe.name] = overlays.map(({ name }) => name);
      const places = overlays.map(({ commands }) => definition.indexOf(commands[0] ?? ''));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(places).not.toContain(-1);
    }
    return found;
  }

  test('those whose base or name they match, without a new import', async () => {
    await importOne(site, 'app');
    await importOne(site, 'app-gpu');
    await add('all', 'all', ['echo from-all']);
    await add('gpu', 'recipe:*-gpu', ['echo from-gpu']);
    await add('deb', 'package-manager:apt', ['echo from-deb']);
    await add('rocky', 'distribution:rocky', ['echo from-rocky']);
    await add('base', 'base:debian:*', ['echo from-base']);
    expect(await joined()).toEqual({ app: ['all', 'deb', 'base'], 'app-gpu': ['all', 'gpu', 'deb', 'base'] });
    const [recipe] = await listCurrentRecipes(site.store);
    await updateBaseImage(site.store, recipe?.base.id ?? 0, { distribution: 'rocky', packageManager: 'dnf' });
    expect(await joined()).toEqual({ app: ['all', 'rocky', 'base'], 'app-gpu': ['all', 'gpu', 'rocky', 'base'] });
  });

  test('and an instance remembers which versions it was made with', async () => {
    await importOne(site, 'app');
    await add('a');
    await add('b');
    const first = named((await recordAll(site)).instances, 'app');
    await editOverlay(site.store, { name: 'a', commands: ['x'], selector: undefined, message: null }, 'admin1');
    await orderOverlays(site.store, ['b', 'a'], 'admin1');
    const second = named((await recordAll(site)).instances, 'app');
    const remembered = new Map((await listBuilds(site.store, { name: 'app' })).map((row) => [row.id, row.overlays]));
    expect(remembered.get(first.id)).toBe('["a:1","b:1"]');
    expect(remembered.get(second.id)).toBe('["b:1","a:2"]');
    expect(second.input_hash).not.toBe(first.input_hash);
    const third = named((await recordAll(site)).instances, 'app');
    expect(third.input_hash).toBe(second.input_hash);
  });
});
