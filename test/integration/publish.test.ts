import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pinName } from '../../lib/builds/choose-current.ts';
import { publish } from '../../lib/builds/publish.ts';
import { findImage, findOlderFile, readCatalogue } from '../../lib/builds/read-catalogue.ts';
import { imageFile, logFiles, resultFile } from '../../lib/builds/tag-folders.ts';
import { collectCatalogue, writeCatalogue } from '../../lib/builds/write-catalogue.ts';
import { markRemoved } from '../../lib/store/removals.ts';
import { usageOfNames } from '../../lib/store/usage-rows.ts';
import { type Instance, instancesOfTag } from '../../lib/store/instances.ts';
import { runCli } from './support/run-cli.ts';
import { runNode } from './support/run-node.ts';
import { buildImage, importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;
let instance: Instance;
let link: string;

beforeEach(async () => {
  site = await makeTestSite();
  await importOne(site, 'app');
  instance = named((await recordAll(site)).instances, 'app');
  link = join(site.paths.current, 'app.sif');
});

afterEach(async () => {
  await site.remove();
});

async function stored(): Promise<Instance> {
  return named(await instancesOfTag(site.store, instance.build_tag_id), 'app');
}

test('a good image becomes current: row, owner and mode, link, event', async () => {
  const result = buildImage(site, instance);
  expect(await publish(site, instance, result)).toBe('published');
  const file = imageFile(site.paths, instance);
  expect(await stored()).toMatchObject({
    status: 'success',
    file,
    size: result.size,
    sha256: result.sha256,
    node: 'b1',
    started_at: result.started,
    ended_at: result.ended,
  });
  expect(statSync(file).mode & 0o7777).toBe(0o444);
  expect(readFileSync(`${file}.sha256`, 'utf8')).toBe(`${result.sha256}  app.sif\n`);
  expect(statSync(`${file}.sha256`).mode & 0o7777).toBe(0o444);
  expect(readlinkSync(link)).toBe(`../builds/${instance.tag}/app.sif`);
  expect(realpathSync(link)).toBe(realpathSync(file));
  const events = await site.store.selectFrom('event').selectAll().where('kind', '=', 'image.publish').execute();
  expect(events).toMatchObject([{ actor: 'tester', subject: `app:${instance.tag}` }]);
});

test('the next tag takes over; an older one that comes late does not', async () => {
  const newer = named((await recordAll(site)).instances, 'app');
  const newest = named((await recordAll(site)).instances, 'app');
  expect(await publish(site, newer, buildImage(site, newer))).toBe('published');
  expect(await publish(site, newest, buildImage(site, newest))).toBe('published');
  expect(await publish(site, instance, buildImage(site, instance))).toBe('published');
  expect((await stored()).status).toBe('success');
  expect(readFileSync(link, 'utf8')).toBe(`app:${newest.tag}`);
  await writeCatalogue(site.store, site.paths);
  const catalogue = await readCatalogue(site.paths);
  expect(catalogue.images.filter(({ current }) => current).map(({ tag }) => tag)).toEqual([newest.tag]);
  expect(findImage(catalogue, `app:${instance.tag}`).file).toBe(imageFile(site.paths, instance));
});

test('the path of an image is told only where its file is', async () => {
  await publish(site, instance, buildImage(site, instance));
  const file = imageFile(site.paths, instance);
  expect(await runCli(['path', 'app'], site.configFile)).toMatchObject({ code: 0, stdout: `${file}\n` });
  rmSync(file);
  expect(await runCli(['path', 'app'], site.configFile)).toMatchObject({ code: 66, stdout: '' });
  rmSync(site.paths.marker);
  expect(await runCli(['path', 'app'], site.configFile)).toMatchObject({ code: 69, stdout: '' });
});

test('usage counts what is on the share, over all versions', async () => {
  await publish(site, instance, buildImage(site, instance, 'first'));
  await importOne(site, 'app', 'false');
  await importOne(site, 'lib');
  for (const text of ['second', 'the third']) {
    const next = named((await recordAll(site)).instances, 'app');
    await publish(site, next, buildImage(site, next, text));
  }
  expect(await markRemoved(site.store, instance.id, 'gone', 1)).toBe(true);
  expect(await usageOfNames(site.store)).toEqual([
    { name: 'app', group: null, retired: 0, versions: 2, images: 2, bytes: 15, newest: 1_800_000_060 },
    { name: 'lib', group: null, retired: 0, versions: 1, images: 0, bytes: 0, newest: null },
  ]);
});

describe('an image that is not what the build reported', () => {
  async function refused(): Promise<void> {
    expect((await stored()).status).toBe('pending');
    expect(existsSync(link)).toBe(false);
  }

  test('is not there', async () => {
    const result = buildImage(site, instance);
    rmSync(imageFile(site.paths, instance));
    expect(await publish(site, instance, result)).toBe('missing');
    await refused();
  });

  test('has another size', async () => {
    const result = { ...buildImage(site, instance), size: 1 };
    expect(await publish(site, instance, result)).toEqual({ wrong: expect.stringContaining('the build reported 1') });
    await refused();
  });

  test('is a link to something else, which stays as it is', async () => {
    const result = buildImage(site, instance);
    const file = imageFile(site.paths, instance);
    const precious = join(site.folder, 'precious');
    writeFileSync(precious, readFileSync(file), { mode: 0o640 });
    rmSync(file);
    symlinkSync(precious, file);
    expect(await publish(site, instance, result)).toEqual({ wrong: expect.stringContaining('not a regular file') });
    expect(statSync(precious).mode & 0o7777).toBe(0o640);
    await refused();
  });

  test('is a folder', async () => {
    const result = buildImage(site, instance);
    rmSync(imageFile(site.paths, instance));
    mkdirSync(imageFile(site.paths, instance));
    expect(await publish(site, instance, result)).toEqual({ wrong: expect.stringContaining('not a regular file') });
    await refused();
  });
});

test('a share that cannot take the link: nothing is recorded, the next pass does it again', async () => {
  rmdirSync(site.paths.current);
  writeFileSync(site.paths.current, 'in the way');
  const result = buildImage(site, instance);
  await expect(publish(site, instance, result)).rejects.toMatchObject({
    code: expect.stringMatching(/EEXIST|ENOTDIR/),
  });
  expect((await stored()).status).toBe('pending');
  rmSync(site.paths.current);
  mkdirSync(site.paths.current);
  expect(await publish(site, instance, result)).toBe('published');
});

test('a crash between link and record: the next pass does the same again', async () => {
  const next = named((await recordAll(site)).instances, 'app');
  await publish(site, instance, buildImage(site, instance));
  const result = buildImage(site, next);
  await sql`create temp trigger crash before insert on main.event when new.kind = 'image.publish'
    begin select raise(abort, 'crash'); end`.execute(site.store);
  await expect(publish(site, next, result)).rejects.toThrow('crash');
  const rows = await instancesOfTag(site.store, next.build_tag_id);
  expect(rows.map(({ status }) => status)).toEqual(['pending']);
  expect(readFileSync(link, 'utf8')).toBe(`app:${next.tag}`);
  await sql`drop trigger crash`.execute(site.store);
  expect(await publish(site, next, result)).toBe('published');
  expect(readFileSync(link, 'utf8')).toBe(`app:${next.tag}`);
  expect(readdirSync(site.paths.current)).toEqual(['app.sif']);
});

test('publishers that race: one publishes, the others notice', async () => {
  const result = buildImage(site, instance);
  mkdirSync(dirname(resultFile(site.paths, instance)));
  writeFileSync(resultFile(site.paths, instance), JSON.stringify(result));
  // The row is read before, as a poller does that is slower than another one.
  const stale = { ...instance };
  const ends = await Promise.all([1, 2, 3].map(() => runNode('publish-one.ts', [site.configFile])));
  expect(ends.map(({ stderr }) => stderr)).toEqual(['', '', '']);
  const words = ends.flatMap(({ stdout }) => stdout.split('\n')).filter((word) => word !== '');
  expect(words.filter((word) => word === 'published')).toHaveLength(1);
  expect(words.filter((word) => word !== 'published' && word !== 'raced')).toEqual([]);
  expect(await publish(site, stale, result)).toBe('raced');
  const events = await site.store.selectFrom('event').selectAll().where('kind', '=', 'image.publish').execute();
  expect(events).toHaveLength(1);
});

test('empty logs go away, others stay', async () => {
  const { out, err } = logFiles(site.paths, instance);
  mkdirSync(dirname(out));
  writeFileSync(out, 'words');
  writeFileSync(err, '');
  await publish(site, instance, buildImage(site, instance));
  expect(readdirSync(dirname(out))).toEqual(['app.log']);
});

describe('the catalogue', () => {
  test('tells what the store knows, readable for everybody', async () => {
    await importOne(site, 'other');
    const { tag } = await recordAll(site);
    await publish(site, instance, buildImage(site, instance));
    await writeCatalogue(site.store, site.paths);
    const catalogue = await readCatalogue(site.paths);
    expect(statSync(site.paths.catalogue).mode & 0o7777).toBe(0o644);
    expect(catalogue.recipes.map(({ name, version, base }) => `${name}:${version} ${base}`)).toEqual([
      'app:1 debian:12',
      'other:1 debian:12',
    ]);
    expect(catalogue.tags.map(({ name }) => name)).toEqual([instance.tag, tag.name]);
    expect(catalogue.images.map((image) => `${image.name}:${image.tag} ${image.status} ${image.current}`)).toEqual([
      `app:${instance.tag} success true`,
      `app:${tag.name} pending false`,
      `other:${tag.name} pending false`,
    ]);
  });

  test('lists the newest ten builds of a name and the current one, not all there ever were', async () => {
    await publish(site, instance, buildImage(site, instance));
    await pinName(site.store, 'app', undefined, { actor: 'admin1', message: null });
    const tags = [instance.tag];
    for (let i = 0; i < 12; i += 1) {
      const next = named((await recordAll(site)).instances, 'app');
      await publish(site, next, buildImage(site, next));
      tags.push(next.tag);
    }
    await writeCatalogue(site.store, site.paths);
    const catalogue = await readCatalogue(site.paths);
    const listed = [...tags.slice(0, 1), ...tags.slice(3)];
    expect(catalogue.images.map(({ tag }) => tag)).toEqual(listed);
    expect(catalogue.tags.map(({ name }) => name)).toEqual(listed);
    const all = await collectCatalogue(site.store, { name: 'app' });
    expect(all.images.map(({ tag }) => tag)).toEqual(tags);
    // What it does not list is there all the same.
    const older = { name: 'app', tag: tags[1] ?? '' };
    const file = join(site.paths.builds, older.tag, 'app.sif');
    expect(await findOlderFile(site.paths, catalogue, older)).toMatchObject({ ...older, file });
    expect(await findOlderFile(site.paths, catalogue, { name: 'app', tag: '2001-01-01.1' })).toBeUndefined();
  });

  test('that cannot be written is an error with a way out', async () => {
    mkdirSync(site.paths.catalogue);
    await expect(writeCatalogue(site.store, site.paths)).rejects.toMatchObject({
      code: 'cannotCreate',
      hint: expect.any(String),
    });
  });

  test('that is damaged or missing is said so', async () => {
    await expect(readCatalogue(site.paths)).rejects.toMatchObject({ code: 'inputMissing' });
    writeFileSync(site.paths.catalogue, '{"schema":1,"images":[');
    await expect(readCatalogue(site.paths)).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('ctmgr poll'),
    });
  });
});
