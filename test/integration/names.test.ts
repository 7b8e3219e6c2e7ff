import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinName, retireName, rollBack, unpinName } from '../../lib/builds/choose-current.ts';
import { publish } from '../../lib/builds/publish.ts';
import { readCatalogue } from '../../lib/builds/read-catalogue.ts';
import { showNames } from '../../lib/builds/show-names.ts';
import { imageFile } from '../../lib/builds/tag-folders.ts';
import { writeCatalogue } from '../../lib/builds/write-catalogue.ts';
import type { Instance } from '../../lib/store/instances.ts';
import {
  buildImage,
  importOne,
  makeTestSite,
  named,
  publishNext,
  recordAll,
  type TestSite,
} from './support/test-site.ts';

const author = { actor: 'admin1', message: 'wrong results' };

let site: TestSite;
let builds: Instance[];

/** Three good builds of `app`, the last one current. */
beforeEach(async () => {
  site = await makeTestSite();
  await importOne(site, 'app');
  builds = [];
  for (let i = 0; i < 3; i += 1) builds.push(await buildNext());
});

afterEach(async () => {
  await site.remove();
});

const buildNext = (): Promise<Instance> => publishNext(site, 'app');

/** The tag that NAME means on the share. */
const shown = (): string => readFileSync(join(site.paths.current, 'app.sif'), 'utf8').replace('app:', '');
const tag = (i: number): string => builds[i]?.tag ?? '';

async function events(kind: string): Promise<object[]> {
  const rows = await site.store.selectFrom('event').selectAll().where('kind', '=', kind).execute();
  return rows.map(({ actor, subject, detail }) => ({ actor, subject, ...(JSON.parse(detail) as object) }));
}

describe('rollback', () => {
  test('goes to the good build before, again and again, and says when there is none', async () => {
    for (const i of [1, 0]) {
      expect(await rollBack(site.store, 'app', undefined, author)).toMatchObject({ tag: tag(i), pinned: false });
      // The store says so first, the share follows: an admin may write only the one.
      expect(shown()).toBe(tag(i + 1));
      expect(await showNames(site)).toEqual({ shown: ['app'], problems: [] });
      expect(shown()).toBe(tag(i));
    }
    await expect(rollBack(site.store, 'app', undefined, author)).rejects.toMatchObject({ code: 'inputMissing' });
    expect(await showNames(site)).toEqual({ shown: [], problems: [] });
    expect(await events('image.rollback')).toMatchObject([
      { actor: 'admin1', subject: 'app', tag: tag(1), previous: tag(2), message: 'wrong results' },
      { tag: tag(0), previous: tag(1) },
    ]);
  });

  test('is in the catalogue, goes forward too, and the next good build takes over', async () => {
    await rollBack(site.store, 'app', tag(0), author);
    await rollBack(site.store, 'app', tag(1), author);
    await showNames(site);
    await writeCatalogue(site.store, site.paths);
    const { images } = await readCatalogue(site.paths);
    expect(images.filter(({ current }) => current).map((image) => image.tag)).toEqual([tag(1)]);
    const next = await buildNext();
    expect(shown()).toBe(next.tag);
  });

  test('is not undone by an older build that comes late', async () => {
    const late = named((await recordAll(site)).instances, 'app');
    await buildNext();
    await rollBack(site.store, 'app', tag(0), author);
    await showNames(site);
    expect(await publish(site, late, buildImage(site, late))).toBe('published');
    expect(shown()).toBe(tag(0));
  });

  test('refuses what is not there, and changes nothing then', async () => {
    const failed = named((await recordAll(site)).instances, 'app');
    for (const wanted of [failed.tag, '2001-01-01.1']) {
      await expect(rollBack(site.store, 'app', wanted, author)).rejects.toMatchObject({ code: 'inputMissing' });
    }
    await expect(rollBack(site.store, 'other', undefined, author)).rejects.toMatchObject({ code: 'inputMissing' });
    expect(await showNames(site)).toEqual({ shown: [], problems: [] });
    expect(shown()).toBe(tag(2));
  });

  test('to an image whose file is gone leaves the name as it is and says so', async () => {
    rmSync(imageFile(site.paths, builds[0] as Instance));
    await rollBack(site.store, 'app', tag(0), author);
    const { shown: done, problems } = await showNames(site);
    expect(done).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(/^app keeps its old meaning for now: its image .* is not on/)]);
    expect(shown()).toBe(tag(2));
    await rollBack(site.store, 'app', tag(1), author);
    expect((await showNames(site)).problems).toEqual([]);
    expect(shown()).toBe(tag(1));
  });
});

describe('a pin', () => {
  test('holds against later builds until it is taken away', async () => {
    expect(await pinName(site.store, 'app', tag(1), author)).toMatchObject({ tag: tag(1), pinned: true });
    await showNames(site);
    const later = await buildNext();
    expect(shown()).toBe(tag(1));
    expect(await unpinName(site.store, 'app', author)).toMatchObject({ tag: tag(1), newest: later.tag });
    await showNames(site);
    expect(shown()).toBe(tag(1));
    const next = await buildNext();
    expect(shown()).toBe(next.tag);
    expect((await events('image.pin')).concat(await events('image.unpin'))).toHaveLength(2);
  });

  test('moves with a rollback', async () => {
    await pinName(site.store, 'app', undefined, author);
    expect(await rollBack(site.store, 'app', undefined, author)).toMatchObject({ tag: tag(1), pinned: true });
    await showNames(site);
    await buildNext();
    expect(shown()).toBe(tag(1));
  });
});

describe('retire', () => {
  test('takes the name away, not the images, until the recipe is imported again', async () => {
    const underway = named((await recordAll(site)).instances, 'app');
    expect(await retireName(site.store, 'app', author)).toBe(tag(2));
    await showNames(site);
    expect(readdirSync(site.paths.current)).toEqual([]);
    for (const build of builds) expect(lstatSync(imageFile(site.paths, build)).isFile()).toBe(true);
    expect(await publish(site, underway, buildImage(site, underway))).toBe('published');
    expect(readdirSync(site.paths.current)).toEqual([]);
    for (const change of [rollBack, pinName]) {
      await expect(change(site.store, 'app', tag(0), author)).rejects.toMatchObject({ message: 'app is retired' });
    }
    expect(await importOne(site, 'app')).toBe(1);
    const next = await buildNext();
    expect(shown()).toBe(next.tag);
    expect(await events('recipe.revive')).toMatchObject([{ subject: 'app' }]);
  });
});

describe('a share that is not mounted', () => {
  beforeEach(async () => {
    await rollBack(site.store, 'app', undefined, author);
    rmSync(site.paths.share, { recursive: true });
    mkdirSync(site.paths.share);
  });

  test('is left alone, and the change is made when it is back', async () => {
    for (const attempt of [() => showNames(site), () => writeCatalogue(site.store, site.paths)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'unavailable',
        message: `the share ${site.paths.share} is not there`,
      });
    }
    const next = named((await recordAll(site)).instances, 'app');
    const result = buildResultElsewhere(next);
    await expect(publish(site, next, result)).rejects.toMatchObject({ code: 'unavailable' });
    expect(readdirSync(site.paths.share)).toEqual([]);
    for (const path of [site.paths.builds, site.paths.current, join(site.paths.builds, tag(1))]) mkdirSync(path);
    writeFileSync(site.paths.marker, '');
    writeFileSync(imageFile(site.paths, builds[1] as Instance), `app:${tag(1)}`);
    expect((await showNames(site)).shown).toEqual(['app']);
    expect(readlinkSync(join(site.paths.current, 'app.sif'))).toBe(`../builds/${tag(1)}/app.sif`);
  });

  function buildResultElsewhere(instance: Instance): ReturnType<typeof buildImage> {
    mkdirSync(site.paths.builds);
    const result = buildImage(site, instance);
    rmSync(site.paths.builds, { recursive: true });
    return result;
  }
});
