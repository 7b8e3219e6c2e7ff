import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendFileSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { pinName, retireName, rollBack, unpinName } from '../../lib/builds/choose-current.ts';
import { planRebuild } from '../../lib/builds/plan-rebuild.ts';
import { pollOnce } from '../../lib/builds/poll.ts';
import { publish } from '../../lib/builds/publish.ts';
import { recordRebuild } from '../../lib/builds/record-rebuild.ts';
import { releaseTag } from '../../lib/builds/release-tag.ts';
import { writeCatalogue } from '../../lib/builds/write-catalogue.ts';
import { nameEventRows } from '../../lib/commands/name-event-rows.ts';
import { reportRebuild } from '../../lib/commands/rebuild-report.ts';
import { renderRecipe } from '../../lib/definitions/render-recipe.ts';
import { setPinned } from '../../lib/store/current-images.ts';
import { changeInstance, type Instance, instancesOfTag } from '../../lib/store/instances.ts';
import { listCurrentRecipes } from '../../lib/store/recipes.ts';
import { listTagHolds } from '../../lib/store/tag-holds.ts';
import { withSlurm } from './support/slurm-files.ts';
import { buildImage, importOne, makeTestSite, named, type TestSite } from './support/test-site.ts';

let site: TestSite;

beforeEach(async () => {
  site = withSlurm(await makeTestSite());
  for (const name of ['a', 'b', 'c']) await importOne(site, name);
});

afterEach(async () => {
  await site.remove();
});

interface Tag {
  id: number;
  name: string;
  instances: Instance[];
}

/** Records a rebuild; images of these names become good. */
async function rebuild(hold: boolean, good: string[]): Promise<Tag> {
  const rendered = [];
  for (const recipe of await listCurrentRecipes(site.store))
    rendered.push(await renderRecipe(site.store, recipe, site.config));
  const { id, name } = await recordRebuild(site, planRebuild(rendered, 'default', 1001), { hold });
  const instances = await instancesOfTag(site.store, id);
  for (const one of good) {
    const instance = named(instances, one);
    expect(await publish(site, instance, buildImage(site, instance))).toBe('published');
  }
  return { id, name, instances };
}

const link = (name: string): string => join(site.paths.current, `${name}.sif`);
/** The tag that a name means, or nothing. */
const means = (name: string): string =>
  existsSync(link(name)) ? readlinkSync(link(name)).replace(/.*\/(.*)\/.*/, '$1') : '';

async function fail({ instances }: Tag, name: string): Promise<void> {
  const { id, status } = named(instances, name);
  await changeInstance(site.store, id, status, { status: 'failure', failure_kind: 'build', message: 'make failed' });
}

/** What `--wait` says at the end of a rebuild. */
const report = async (tag: Tag): Promise<string | undefined> => {
  const answer = await reportRebuild(site, tag);
  return answer.text;
};

const catalogue = async (): Promise<{ images: { name: string; tag: string; current: boolean }[]; tags: object[] }> => {
  await writeCatalogue(site.store, site.paths);
  return JSON.parse(readFileSync(site.paths.catalogue, 'utf8'));
};

describe('a held tag', () => {
  test('changes no name while it is built, and says so; then all at once', async () => {
    const live = await rebuild(false, ['a', 'b', 'c']);
    const held = await rebuild(true, ['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map(means)).toEqual([live.name, live.name, live.name]);
    const { images, tags } = await catalogue();
    expect(images.filter(({ current }) => current).map(({ tag }) => tag)).toEqual([live.name, live.name, live.name]);
    expect(tags).toMatchObject([
      { note: null },
      { note: `held: names keep their meaning until \`ctmgr publish ${held.name}\`` },
    ]);
    expect(await releaseTag(site, held.name, false)).toEqual({
      tag: held.name,
      already: false,
      live: ['a', 'b', 'c'],
      kept: [],
      gated: [],
      missing: [],
    });
    expect(['a', 'b', 'c'].map(means)).toEqual([held.name, held.name, held.name]);
    const after = await catalogue();
    expect(after.images.filter(({ current }) => current).map(({ tag }) => tag)).toEqual(Array(3).fill(held.name));
    expect(after.tags).toMatchObject([{ note: null }, { note: null }]);
    expect(await report(held)).not.toContain('Pinned');
    expect(await releaseTag(site, held.name, false)).toMatchObject({ already: true, live: [] });
  });

  test('stays held while an image is unfinished', async () => {
    const held = await rebuild(true, ['a']);
    for (const partial of [false, true]) {
      await expect(releaseTag(site, held.name, partial)).rejects.toMatchObject({
        code: 'tryAgain',
        why: '2 of 3 images are still to be built',
      });
    }
    expect(means('a')).toBe('');
  });

  test('is refused as long as one image is not good, unless --partial says that this is meant', async () => {
    const held = await rebuild(true, ['a', 'b']);
    await fail(held, 'c');
    await expect(releaseTag(site, held.name, false)).rejects.toMatchObject({ code: 'failed', why: 'not good: c' });
    expect(means('a')).toBe('');
    expect(await report(held)).toMatch(
      new RegExp(`held; what is good goes live with: ctmgr publish ${held.name} --partial`),
    );
    expect(await releaseTag(site, held.name, true)).toMatchObject({ live: ['a', 'b'], missing: ['c'] });
    expect(['a', 'b', 'c'].map(means)).toEqual([held.name, held.name, '']);
  });

  test.each([
    ['gone', rmSync],
    ['longer', (file: string) => appendFileSync(file, 'x')],
  ])('does not go live in part because a file is %s', async (_what, change) => {
    const held = await rebuild(true, ['a', 'b', 'c']);
    change(join(site.paths.builds, held.name, 'c.sif'));
    await expect(releaseTag(site, held.name, true)).rejects.toMatchObject({
      code: 'failed',
      why: expect.stringMatching(/^c: /),
    });
    expect(['a', 'b', 'c'].map(means)).toEqual(['', '', '']);
    expect(await listTagHolds(site.store)).toMatchObject([{ state: 'held' }]);
  });

  test('does not take a name back from a newer build', async () => {
    const held = await rebuild(true, ['a', 'b', 'c']);
    const newer = await rebuild(false, ['b']);
    expect(await releaseTag(site, held.name, false)).toMatchObject({ live: ['a', 'c'], kept: ['b'] });
    expect(['a', 'b', 'c'].map(means)).toEqual([held.name, newer.name, held.name]);
  });
});

test('a release that stops in the middle is completed by the next poll', async () => {
  const held = await rebuild(true, ['a', 'b', 'c']);
  // A folder in the place of a link: rename(2) refuses that.
  mkdirSync(link('b'));
  await expect(releaseTag(site, held.name, false)).rejects.toMatchObject({
    code: 'tryAgain',
    why: expect.stringMatching(/EISDIR|EEXIST|ENOTEMPTY|EINVAL/),
  });
  expect(await listTagHolds(site.store)).toMatchObject([{ state: 'releasing' }]);
  expect((await pollOnce(site, false)).problems).toEqual([expect.stringContaining(`cannot publish ${held.name} now`)]);
  rmSync(link('b'), { recursive: true });
  expect((await pollOnce(site, false)).problems).toEqual([]);
  expect(['a', 'b', 'c'].map(means)).toEqual([held.name, held.name, held.name]);
  expect(readFileSync(site.paths.catalogue, 'utf8')).toContain('"current":true');
  expect(await listTagHolds(site.store)).toEqual([]);
});

describe('a release that the share refuses for now', () => {
  const admin = { actor: 'admin1', message: 'wrong results' };
  let old: Tag;
  let live: Tag;
  let held: Tag;

  beforeEach(async () => {
    for (const name of ['d', 'e']) await importOne(site, name);
    old = await rebuild(false, ['a', 'b', 'c', 'd', 'e']);
    live = await rebuild(false, ['a', 'b', 'c', 'd', 'e']);
    held = await rebuild(true, ['a', 'b', 'c', 'd', 'e']);
    rmSync(link('e'));
    mkdirSync(link('e'));
    await expect(releaseTag(site, held.name, false)).rejects.toMatchObject({ code: 'tryAgain' });
  });

  /** The share is mended, and the next pass comes. */
  async function carryOn(): Promise<void> {
    rmSync(link('e'), { recursive: true });
    expect((await pollOnce(site, false)).problems).toEqual([]);
    expect(await listTagHolds(site.store)).toEqual([]);
    expect(means('e')).toBe(held.name);
  }

  test('leaves alone what somebody chooses meanwhile, and moves the others together', async () => {
    expect(await rollBack(site.store, 'a', old.name, admin)).toMatchObject({ tag: old.name, left_out_of: [held.name] });
    // What a name means already can be chosen, too.
    expect(await rollBack(site.store, 'b', live.name, admin)).toMatchObject({
      tag: live.name,
      left_out_of: [held.name],
    });
    expect(await pinName(site.store, 'c', undefined, admin)).toMatchObject({ left_out_of: [held.name] });
    expect(await unpinName(site.store, 'c', admin)).toMatchObject({ tag: live.name, left_out_of: [] });
    await retireName(site.store, 'd', admin);
    await carryOn();
    expect(['a', 'b', 'c', 'd'].map(means)).toEqual([old.name, live.name, live.name, '']);
    const history = [...(await nameEventRows(site.store, 'a')), ...(await nameEventRows(site.store, 'b'))];
    expect(history.filter(({ event }) => event === 'image.rollback').map(({ what }) => what)).toEqual([
      `rollback to ${old.name} (was ${live.name}, not ${held.name})`,
      `rollback to ${live.name} (not ${held.name})`,
    ]);
    expect(await releaseTag(site, held.name, false)).toMatchObject({ already: true, live: [] });
    // Only this release: the next good build takes the names over.
    const next = await rebuild(true, ['a', 'b', 'c', 'd', 'e']);
    expect(await releaseTag(site, next.name, false)).toMatchObject({ live: ['a', 'b', 'c', 'e'], kept: ['d'] });
  });

  test('does not let anybody go back from what is not clear', async () => {
    await expect(rollBack(site.store, 'a', undefined, admin)).rejects.toMatchObject({
      code: 'tryAgain',
      message: `a is about to mean ${held.name}, so "the build before" is not clear`,
      hint: expect.stringContaining('ctmgr rollback a TAG'),
    });
    expect(await rollBack(site.store, 'a', held.name, admin)).toMatchObject({ tag: held.name, left_out_of: [] });
    await carryOn();
    expect(['a', 'b', 'c', 'd'].map(means)).toEqual(Array(4).fill(held.name));
    expect(await rollBack(site.store, 'a', undefined, admin)).toMatchObject({ tag: live.name, left_out_of: [] });
  });
});

test('what is not held, or does not exist, cannot be released', async () => {
  const { name } = await rebuild(false, ['a', 'b', 'c']);
  await expect(releaseTag(site, name, false)).rejects.toMatchObject({ code: 'usage' });
  await expect(releaseTag(site, '2026-01-01.1', false)).rejects.toMatchObject({ code: 'inputMissing' });
});

test('a pinned name is not moved', async () => {
  const live = await rebuild(false, ['a', 'b', 'c']);
  await setPinned(site.store, named(live.instances, 'a').recipe_id, 1);
  const held = await rebuild(true, ['a', 'b', 'c']);
  await importOne(site, 'd');
  expect(await report(held)).not.toContain('Pinned');
  expect(await releaseTag(site, held.name, false)).toMatchObject({ live: ['b', 'c'], kept: ['a'] });
  expect(await report(held)).toMatch(new RegExp(`^Pinned names keep .*: a \\(${live.name}\\)$`, 'm'));
  expect(['a', 'b', 'c'].map(means)).toEqual([live.name, held.name, held.name]);
});
