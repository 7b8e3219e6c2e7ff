import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BuiltImage, BuiltImages } from './inside/built-image.ts';
import { output } from './support/cluster.ts';
import { buildImages, buildReference, listFixtures, prepareFixtures } from './support/oracle.ts';
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
  [reference, built] = await Promise.all([
    buildReference(folder, names),
    buildImages(site, folder, names),
  ]);
}, 300_000);

afterAll(async () => {
  await output(['rm', '-rf', '--', folder]);
  await site.remove();
});

/** What one image of the two does not have, or has otherwise. */
function differences(wanted: Record<string, string>, found: Record<string, string>): string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].toSorted();
  return keys
    .filter((key) => wanted[key] !== found[key])
    .map((key) => `${key}\n  Docker: ${wanted[key] ?? 'none'}\n  ctmgr:  ${found[key] ?? 'none'}`);
}

describe.each(names)('%s', (name) => {
  test('has the same files, environment, labels and start', () => {
    const [wanted, found] = [reference[name], built[name]];
    if (typeof wanted !== 'object' || typeof found !== 'object') throw new Error(`${JSON.stringify(wanted).slice(0, 3000)}\n${found}`);
    expect(differences(wanted.tree, found.tree)).toEqual([]);
    expect(differences(wanted.environment, ownEnvironment(found))).toEqual([]);
    expect(differences(wanted.labels, ownLabels(found))).toEqual([]);
    expect(found.runs).toEqual(wanted.runs);
  });
});

function ownEnvironment({ environment }: BuiltImage): Record<string, string> {
  return environment;
}

function ownLabels({ labels }: BuiltImage): Record<string, string> {
  return labels;
}
