import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BuiltImages } from './inside/built-image.ts';
import { compareImages } from './support/compare-images.ts';
import { buildImages, buildReference, listFixtures, prepareFixtures, removeFixtures } from './support/oracle.ts';
import { makeSite, type Site } from './support/site.ts';

/** Each fixture is built by buildah and by ctmgr with Apptainer; what is in the images and what they start is the same. */
const names = listFixtures();
const folder = `/scratch/oracle-${randomBytes(4).toString('hex')}`;
let site: Site;
let reference: BuiltImages = {};
let built: BuiltImages = {};

beforeAll(async () => {
  site = await makeSite();
  await prepareFixtures(folder, names);
  [reference, built] = await Promise.all([buildReference(folder, names), buildImages(site, folder, names)]);
}, 900_000);

afterAll(async () => {
  await removeFixtures(folder);
  await site.remove();
});

const [failing, good] = [true, false].map((fails) => names.filter((name) => name.startsWith('fails-') === fails));

test.each(good ?? [])('%s', (name) => {
  const [wanted, found] = [reference[name], built[name]];
  if (typeof wanted !== 'object') throw new Error(`buildah: ${wanted}`);
  if (typeof found !== 'object') throw new Error(`ctmgr: ${found}`);
  expect(compareImages(name, wanted, found).join('\n')).toBe('');
});

test.each(failing ?? [])('%s: both say no', (name) => {
  for (const images of [reference, built]) expect(images[name]).toMatch(/error|fail|exit/i);
  expect(built[name]).not.toMatch(/^(\+ (\/bin\/sh -c ')?echo )?never/m);
});
