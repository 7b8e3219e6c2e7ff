import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { compareSite } from '../../lib/builds/fsck/compare-site.ts';
import { publish } from '../../lib/builds/publish.ts';
import { confirmSubmission } from '../../lib/builds/submit-array.ts';
import { writeCatalogue } from '../../lib/builds/write-catalogue.ts';
import { arraysOfTag, markSubmitting } from '../../lib/store/build-arrays.ts';
import { instancesOfTag } from '../../lib/store/instances.ts';
import { processIdentity } from '../../lib/util/process-identity.ts';
import { buildImage, importOne, makeTestSite, recordAll, type TestSite } from './support/test-site.ts';

let site: TestSite;
let tag: string;
let marker: string;

/** slurmdbd and slurmctld are files, which stand-ins for sacct and squeue print; without the file they fail. */
const standIn = (tool: string): string => `#!/bin/sh
cat "\${0%/bin/*}/${tool}.txt" 2>/dev/null || { echo "${tool}: error: cannot reach the daemon" >&2; exit 1; }
`;

const says = (tool: 'sacct' | 'squeue', ...lines: string[]): void =>
  writeFileSync(join(site.folder, `${tool}.txt`), lines.map((line) => `${line.replaceAll('|', '\u001F')}\n`).join(''));

beforeEach(async () => {
  const made = await makeTestSite();
  const bin = join(made.folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['sacct', 'squeue']) writeFileSync(join(bin, tool), standIn(tool), { mode: 0o755 });
  site = { ...made, slurm: { binDir: bin, timeout: 60_000 } };
  for (const name of ['app', 'lib']) await importOne(site, name);
  const recorded = await recordAll(site);
  tag = recorded.tag.name;
  const [array] = await arraysOfTag(site.store, recorded.tag.id);
  if (array === undefined) throw new Error('no array');
  marker = array.marker;
  await markSubmitting(site.store, array.id, processIdentity(), 0);
  await confirmSubmission(site, array, { jobId: 41 });
  for (const instance of await instancesOfTag(site.store, recorded.tag.id)) {
    const text = `${instance.name}:${tag}`;
    const sha256 = createHash('sha256').update(text).digest('hex');
    const result = { ...buildImage(site, instance, text), sha256 };
    expect(await publish(site, instance, result)).toBe('published');
  }
  for (const folder of ['logs', 'tasks', 'results'])
    mkdirSync(join(site.paths.share, folder, tag), { recursive: true });
  await writeCatalogue(site.store, site.paths);
  says('squeue');
  says('sacct');
});

afterEach(async () => {
  await site.remove();
});

const image = (name: string): string => join(site.paths.builds, tag, `${name}.sif`);
const link = (name: string): string => join(site.paths.current, `${name}.sif`);

/** `kind subject` of all that differs, and what did not answer. */
async function fsck(hash = false): Promise<string[]> {
  const { differences, problems } = await compareSite(site, hash);
  return [...differences.map(({ kind, subject }) => `${kind} ${subject}`), ...problems].sort();
}

/** What `--repair` does; what it was about. */
async function repair(): Promise<string[]> {
  const { differences } = await compareSite(site, false);
  for (const difference of differences) await difference.repair?.();
  return differences.map(({ kind, subject }) => `${kind} ${subject}`).sort();
}

describe('database against disk', () => {
  test('agree on a site where all is well', async () => {
    expect(await fsck()).toEqual([]);
  });

  test('images that are gone, cut off, or changed', async () => {
    expect(await fsck(true)).toEqual([]);
    rmSync(image('app'));
    expect(await fsck()).toEqual([`image-missing app:${tag}`]);
    appendFileSync(image('lib'), 'x');
    expect(await fsck()).toEqual([`image-missing app:${tag}`, `image-size lib:${tag}`]);
    writeFileSync(image('lib'), `LIB:${tag}`);
    expect(await fsck()).toEqual([`image-missing app:${tag}`]);
    expect(await fsck(true)).toEqual([`image-hash lib:${tag}`, `image-missing app:${tag}`]);
  });

  test('a digest that does not belong to its image is written again', async () => {
    const digest = readFileSync(`${image('app')}.sha256`, 'utf8');
    chmodSync(`${image('app')}.sha256`, 0o644);
    writeFileSync(`${image('app')}.sha256`, digest.replace(/^./, 'g'));
    expect(await repair()).toEqual([`image-digest app:${tag}`]);
    expect(readFileSync(`${image('app')}.sha256`, 'utf8')).toBe(digest);
    expect(await fsck()).toEqual([]);
  });

  test('links and catalogue are set right, and nothing else is touched', async () => {
    rmSync(link('app'));
    rmSync(link('lib'));
    symlinkSync('../builds/2026-01-01.1/lib.sif', link('lib'));
    writeFileSync(site.paths.catalogue, '{"sche');
    writeFileSync(join(site.paths.current, 'mine.sif'), 'keep me');
    const before = [`catalogue ${site.paths.catalogue}`, `current-link ${link('app')}`, `current-link ${link('lib')}`];
    const stranger = `foreign-file ${join(site.paths.current, 'mine.sif')}`;
    expect(await repair()).toEqual([...before, stranger].sort());
    expect(await fsck()).toEqual([stranger]);
    expect(readlinkSync(link('lib'))).toBe(`../builds/${tag}/lib.sif`);
    expect(readFileSync(join(site.paths.current, 'mine.sif'), 'utf8')).toBe('keep me');
  });

  test('the catalogue of a group is one as well', async () => {
    const own = join(site.paths.private, 'astro');
    mkdirSync(own, { recursive: true });
    await writeCatalogue(site.store, site.paths);
    expect(await fsck()).toEqual([]);
    // As if an image of everybody were still the group's.
    copyFileSync(site.paths.catalogue, join(own, 'catalog.json'));
    expect(await repair()).toEqual([`catalogue ${join(own, 'catalog.json')}`]);
    expect(await fsck()).toEqual([]);
    expect(readFileSync(join(own, 'catalog.json'), 'utf8')).not.toContain('"app"');
  });

  test('a link is not led to an image that is missing, and nothing in its place is overwritten', async () => {
    rmSync(image('app'));
    rmSync(link('app'));
    rmSync(link('lib'));
    writeFileSync(link('lib'), 'a file of somebody');
    await repair();
    expect(await fsck()).toEqual([
      `current-link ${link('app')}`,
      `current-link ${link('lib')}`,
      `image-missing app:${tag}`,
    ]);
    expect(readFileSync(link('lib'), 'utf8')).toBe('a file of somebody');
  });

  test('what ctmgr has not made, or what it has lost', async () => {
    const { builds, logs, results, tasks, contexts } = site.paths;
    writeFileSync(join(builds, tag, 'other.sif'), '');
    for (const parent of [builds, logs, results, tasks]) mkdirSync(join(parent, '2020-01-01.7'));
    mkdirSync(contexts, { recursive: true });
    writeFileSync(join(contexts, 'unused.tar'), '');
    expect(await fsck()).toEqual(
      [
        `foreign-file ${join(builds, tag, 'other.sif')}`,
        `foreign-file ${join(contexts, 'unused.tar')}`,
        ...[builds, logs, results, tasks].map((parent) => `orphan-folder ${join(parent, '2020-01-01.7')}`),
      ].sort(),
    );
  });

  test('a share that is not there is no site without images', async () => {
    rmSync(site.paths.share, { recursive: true });
    await expect(fsck()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('database against Slurm', () => {
  const ours = (id: string, name: string): string => `${id}|${site.paths.tasks}/x|${name}`;
  const stranger = `ctmgr-2026-01-01.1-${'0'.repeat(20)}`;

  test('jobs that no array of ours explains', async () => {
    says(
      'squeue',
      ours('41_1', marker),
      ours('42_[0-7%2]', stranger),
      ours('42_8', stranger),
      ours('43_0', marker),
      ours('44', 'bash'),
    );
    expect(await fsck()).toEqual(['foreign-job 42', 'foreign-job 43']);
  });

  test('jobs of another site of the same account are none of ours', async () => {
    says('squeue', `42_0|/elsewhere/tasks/x|${stranger}`);
    expect(await fsck()).toEqual([]);
  });

  test('unfinished arrays that Slurm has forgotten', async () => {
    const { tag: next } = await recordAll(site);
    const [array] = await arraysOfTag(site.store, next.id);
    if (array === undefined) throw new Error('no array');
    await confirmSubmission(site, array, { jobId: 77 });
    await writeCatalogue(site.store, site.paths);
    expect(await fsck()).toEqual(['array-unknown 77']);
    says('squeue', ours('77_[0-1]', array.marker));
    expect(await fsck()).toEqual([]);
    says('squeue');
    says('sacct', `77_0|RUNNING|0:0|1800000000|1800000001|Unknown|b1|None|${array.marker}`);
    expect(await fsck()).toEqual([]);
    rmSync(join(site.folder, 'sacct.txt'));
    expect(await fsck()).toEqual([expect.stringContaining('cannot reach the daemon')]);
  });
});
