import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pollOnce } from '../../lib/builds/poll.ts';
import { planRecipes } from '../../lib/builds/rebuild.ts';
import { submitPlannedArray } from '../../lib/builds/submit-array.ts';
import { arraysOfTag, type BuildArray, releaseArray } from '../../lib/store/build-arrays.ts';
import { compactIndices } from '../../lib/slurm/array-indices.ts';
import { importRecipe } from '../../lib/definitions/import-recipe.ts';
import { instancesOfTag } from '../../lib/store/instances.ts';
import { importOne, makeTestSite, named, recordAll, type TestSite } from './support/test-site.ts';

/** slurmctld is a folder here: what each tool prints, and a line for every call of sbatch. */
const standIn = (tool: string): string => `#!/bin/sh
folder=\${0%/bin/*}
[ "$1" = --version ] && { echo 'slurm 24.11.5'; exit 0; }
[ ${tool} = sbatch ] && { echo "$*" >>"$folder/submitted"; cat >/dev/null; }
cat "$folder/${tool}.txt" 2>/dev/null || { echo "${tool}: error: Invalid partition" >&2; exit 1; }
`;

let site: TestSite;
let tagId: number;

beforeEach(async () => {
  site = await makeTestSite();
  const bin = join(site.folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['sbatch', 'sacct', 'squeue', 'scontrol']) {
    writeFileSync(join(bin, tool), standIn(tool), { mode: 0o755 });
  }
  site = { ...site, slurm: { binDir: bin, timeout: 60_000 } };
  for (const name of ['app', 'tool', 'solver']) await importOne(site, name);
  tagId = (await recordAll(site)).tag.id;
  says('sacct', '');
  says('squeue', '');
});

afterEach(async () => {
  await site.remove();
});

function says(tool: string, text: string): void {
  writeFileSync(join(site.folder, `${tool}.txt`), text);
}

async function array(): Promise<BuildArray> {
  const [only] = await arraysOfTag(site.store, tagId);
  if (only === undefined) throw new Error('no array was planned');
  return only;
}

async function statuses(): Promise<string[]> {
  return (await instancesOfTag(site.store, tagId)).map(({ status, failure_kind }) => failure_kind ?? status);
}

describe('a planned array', () => {
  test('is submitted once, with a folder and a link for each element', async () => {
    says('sbatch', '41\n');
    expect(await submitPlannedArray(site, await array())).toMatchObject({ kind: 'submitted' });
    expect(await array()).toMatchObject({ state: 'submitted', job_id: 41, submitter: null });
    expect(await statuses()).toEqual(['queued', 'queued', 'queued']);
    const { tag, marker } = await array();
    const environment = readFileSync(join(site.paths.tasks, tag, marker, '2/task.env'), 'utf8');
    expect(environment).toContain(`NAME=${(await instancesOfTag(site.store, tagId))[2]?.name}\n`);
    expect(await submitPlannedArray(site, await array())).toMatchObject({ kind: 'taken' });
    const calls = readFileSync(join(site.folder, 'submitted'), 'utf8');
    expect(calls.split('\n').filter((line) => line.includes(`--job-name=${marker}`))).toHaveLength(1);
  });

  test('that Slurm refuses ends as an infrastructure failure with its words', async () => {
    expect(await submitPlannedArray(site, await array())).toMatchObject({ kind: 'refused' });
    expect(await statuses()).toEqual(['infrastructure', 'infrastructure', 'infrastructure']);
    expect((await instancesOfTag(site.store, tagId))[0]?.message).toContain('Invalid partition');
  });

  test('that cannot be prepared is let go and tried again, and holds up nobody', async () => {
    says('sbatch', '41\n');
    const { builds } = site.paths;
    rmSync(builds, { recursive: true });
    writeFileSync(builds, 'in the way');
    await expect(submitPlannedArray(site, await array())).rejects.toMatchObject({ code: expect.any(String) });
    expect(await array()).toMatchObject({ state: 'planned', submitter: null });
    rmSync(builds);
    mkdirSync(builds);
    const { submissions, problems } = await pollOnce(site);
    expect([submissions.length, problems]).toEqual([1, []]);
    expect(await array()).toMatchObject({ state: 'submitted', job_id: 41 });
  });

  test.each([
    ['gone', (archive: string) => rmSync(archive)],
    ['cut off', (archive: string) => truncateSync(archive, 700)],
    ['of other files', (archive: string) => writeFileSync(archive, '')],
  ])('goes on without an image whose stored files are %s', async (_what, spoil) => {
    says('sbatch', '41\n');
    const folder = join(site.folder, 'data');
    mkdirSync(folder);
    writeFileSync(join(folder, 'Dockerfile'), 'FROM debian:12\nCOPY file /file\n');
    writeFileSync(join(folder, 'file'), 'x'.repeat(5000));
    const request = { dockerfile: join(folder, 'Dockerfile'), name: 'data', context: folder, buildArgs: {} };
    const unset = { baseName: undefined, class: undefined, message: undefined };
    await importRecipe(site.store, site.paths.contexts, { ...request, ...unset }, 'tester');
    const [archive = ''] = readdirSync(site.paths.contexts);
    spoil(join(site.paths.contexts, archive));
    tagId = (await recordAll(site)).tag.id;
    expect(await submitPlannedArray(site, await array())).toMatchObject({ kind: 'submitted' });
    const instances = await instancesOfTag(site.store, tagId);
    const data = named(instances, 'data');
    expect(data).toMatchObject({ status: 'failure', failure_kind: 'infrastructure' });
    expect(data.message).toMatch(/contexts\/.*; import data again with the same files/);
    expect(instances.map(({ status }) => status).sort()).toEqual(['failure', 'queued', 'queued', 'queued']);
    const submitted = readFileSync(join(site.folder, 'submitted'), 'utf8');
    const indices = instances.filter(({ name }) => name !== 'data').map(({ array_index }) => array_index);
    expect(/--array=(\S+)/.exec(submitted)?.[1]).toBe(compactIndices(indices));
  });

  test('whose template is broken is a problem of the pass, which goes on', async () => {
    const { config } = site;
    const broken = { ...site, config: { ...config, paths: { ...config.paths, sbatch_templates: site.folder } } };
    writeFileSync(join(site.folder, 'build.sbatch.mustache'), '{{nobody}}');
    // As if the process that planned it had died.
    await releaseArray(site.store, (await array()).id, { message: '', missingSince: null });
    const { problems, unfinished } = await pollOnce(broken);
    expect(problems).toEqual([expect.stringMatching(/^cannot submit the array of .* now: .*nobody/)]);
    expect(unfinished).toBe(3);
    expect(await array()).toMatchObject({ state: 'planned', submitter: null });
  });
});

describe('how many elements an array may have', () => {
  test.each([
    ['MaxArraySize', 'MaxArraySize            = 2\n', [2, 1]],
    ['max_array_tasks', 'MaxArraySize = 1001\nSchedulerParameters = a=b,max_array_tasks=1\n', [1, 1, 1]],
    ['neither', 'MaxArraySize            = 1001\n', [3]],
  ])('%s', async (_what, text, sizes) => {
    says('scontrol', text);
    expect((await planRecipes(site, [])).arrays.map(({ instances }) => instances.length)).toEqual(sizes);
  });

  test('nobody knows while slurmctld does not answer, so nothing is planned', async () => {
    await expect(planRecipes(site, [])).rejects.toMatchObject({ code: 'unavailable' });
    says('scontrol', 'MaxArraySize = 1001\n');
    await expect(planRecipes(site, ['app', 'none'])).rejects.toMatchObject({ code: 'inputMissing' });
    expect((await planRecipes(site, ['tool'])).arrays[0]?.instances.map(({ name }) => name)).toEqual(['tool']);
  });
});
