import { expect } from '@jest/globals';

import type { SiteState } from '../inside/inspect-site.ts';
import { output, until } from './cluster.ts';
import { inspectSite } from './inside.ts';
import type { Site } from './site.ts';

interface InstanceRow {
  name: string;
  tag: string;
  status: string;
  sha256: string | null;
  job: number | null;
  index: number;
  task: number;
  marker: string;
}

/**
 * Checks everything that has to hold at a quiet moment, whatever happened before: each array exists exactly once in Slurm
 * with exactly its elements, each image was built exactly once and is complete with the right owner and mode, `current`
 * and the catalogue say what the database says, and nothing temporary is left on the share or on the nodes.
 * `hidden` are paths below the share that may be there although they are hidden, for a test that killed their writer.
 */
export async function expectConsistent(site: Site, hidden: RegExp = /^(?!)/): Promise<SiteState> {
  const state = await inspectSite(site);
  const instances = readInstances(state);
  const good = instances.filter(({ status }) => status === 'success');
  await expectOneArrayEach(site, instances);
  for (const instance of good) expectBuiltOnce(state, instance);

  const files = Object.keys(state.files);
  const images = files.filter((path) => path.startsWith('builds/') && state.files[path]?.type === 'file');
  const published = good.map(imagePath).flatMap((path) => [path, `${path}.sha256`]);
  expect(images.filter((path) => !hidden.test(path)).sort()).toEqual(published.sort());
  expect(files.filter((path) => /(^|\/)\./.test(path) && !hidden.test(path))).toEqual([]);
  const empty = files.filter((path) => path.startsWith('logs/') && state.files[path]?.size === 0);
  expect(empty).toEqual([]);

  const newest = new Map(good.map((instance) => [`current/${instance.name}.sif`, `../${imagePath(instance)}`]));
  const links = files.filter((path) => path.startsWith('current/') && !hidden.test(path));
  expect(new Map(links.map((path) => [path, state.files[path]?.target]))).toEqual(newest);
  expectCatalogue(state, instances, newest);
  await expectNoScratch(site);
  return state;
}

/** Waits until builds have cleared up on the build nodes: their last words about an image are said before they do. */
export async function expectNoScratch(site: Site): Promise<void> {
  // Only what is younger than the site: a build that Slurm kills while it starts leaves scratch to the next one there.
  const find = ['find', '/scratch', '-mindepth', '1', '-maxdepth', '1', '-newer', site.env['CTMGR_CONFIG'] ?? ''];
  for (const node of ['b1', 'b2']) {
    await until(
      `no scratch on ${node}`,
      () => output(find, { node }),
      (names) => names === '',
    );
  }
}

/** Instances in the order of their build tags. */
export function readInstances({ rows }: SiteState): InstanceRow[] {
  const byId = (table: string): Map<unknown, Record<string, string | number | null>> =>
    new Map(rows[table]?.map((row) => [row['id'], row]));
  const [tags, arrays, contents, recipes] = ['build_tag', 'build_array', 'recipe_content', 'recipe'].map(byId);
  return (rows['container_instance'] ?? []).map((row) => {
    const array = arrays?.get(row['build_array_id']);
    return {
      name: String(recipes?.get(contents?.get(row['recipe_content_id'])?.['recipe_id'])?.['name']),
      tag: String(tags?.get(row['build_tag_id'])?.['name']),
      status: String(row['status']),
      sha256: row['sha256'] as string | null,
      job: array?.['job_id'] as number | null,
      index: Number(row['array_index']),
      task: Number(row['task_index']),
      marker: String(array?.['marker']),
    };
  });
}

/** One element of a job array as sacct shows it; times in seconds since the epoch. */
export interface SlurmElement {
  job: number;
  index: number;
  name: string;
  state: string;
  partition: string;
  node: string;
  start: number;
  end: number;
}

/**
 * All elements of all arrays that were ever submitted for a site, once slurmdbd knows that they have ended and there are
 * at least `least` of them. Arrays are told apart by their working folder, which lies on the site's own share.
 */
export async function elementsOf(site: Site, least: number): Promise<SlurmElement[]> {
  const read = async (): Promise<SlurmElement[]> => {
    const fields = '--format=JobID,JobName,State,Partition,NodeList,Start,End,WorkDir';
    const words = ['sacct', '-nXP', '--user=ctmgr', '--starttime=now-1hours', fields];
    const text = await output(['env', 'SLURM_TIME_FORMAT=%s', 'SLURM_BITSTR_LEN=0', ...words]);
    const lines = text.split('\n').filter((line) => line.split('|').at(-1)?.startsWith(`${site.share}/`));
    return lines.map(parseElement);
  };
  const isOver = ({ state }: SlurmElement): boolean => !/^(PENDING|RUNNING|COMPLETING)/.test(state);
  return until('all elements ended', read, (elements) => elements.length >= least && elements.every(isOver));
}

function parseElement(line: string): SlurmElement {
  const [id = '', name = '', state = '', partition = '', node = '', start, end] = line.split('|');
  const [job, index] = id.split('_');
  return {
    job: Number(job),
    index: Number(index),
    name,
    state,
    partition,
    node,
    start: Number(start),
    end: Number(end),
  };
}

async function expectOneArrayEach(site: Site, instances: InstanceRow[]): Promise<void> {
  const elements = await elementsOf(site, instances.length);
  const identity = (marker: string, job: number | null, index: number): string => `${marker} ${job}_${index}`;
  const inSlurm = elements.map(({ name, job, index }) => identity(name, job, index));
  expect(inSlurm.sort()).toEqual(instances.map(({ marker, job, index }) => identity(marker, job, index)).sort());
}

function expectBuiltOnce({ files }: SiteState, { name, tag, sha256, job, task, index }: InstanceRow): void {
  expect(files[`builds/${tag}/${name}.sif`]).toMatchObject({ mode: '0444', owner: 'ctmgr', group: 'ctmgr', sha256 });
  const digest = { mode: '0444', owner: 'ctmgr', group: 'ctmgr', text: `${sha256}  ${name}.sif\n` };
  expect(files[`builds/${tag}/${name}.sif.sha256`]).toMatchObject(digest);
  expect(files[`tasks/${tag}/${task}/claim`]?.target).toBe(String(job));
  expect(JSON.parse(files[`results/${tag}/${task}.json`]?.text ?? '')).toMatchObject({
    outcome: 'success',
    sha256,
    job_id: job,
  });
  const attempts = files[`logs/${tag}/${name}.log`]?.text?.match(/^ctmgr: .*/gm) ?? [];
  expect(attempts.filter((line) => / (building|another|leaves|was published) /.test(line))).toEqual([
    expect.stringContaining(`building ${name} on `),
  ]);
  expect(attempts[0]).toContain(`job ${job}_${index}`);
}

function expectCatalogue(state: SiteState, instances: InstanceRow[], newest: Map<string, string>): void {
  const catalogue = JSON.parse(state.files['catalog.json']?.text ?? '') as {
    images: { name: string; tag: string; status: string; sha256: string | null; current: boolean }[];
  };
  // Tasks of a tag are recorded in the order in which they shall start, and listed by their number.
  const told = (rows: typeof catalogue.images | InstanceRow[]): string[] =>
    rows.map(({ name, tag, status, sha256 }) => [tag, name, status, sha256].join(' ')).sort();
  expect(told(catalogue.images)).toEqual(told(listed(instances, newest)));
  const current = catalogue.images.filter((image) => image.current);
  expect(new Map(current.map((image) => [`current/${image.name}.sif`, `../${imagePath(image)}`]))).toEqual(newest);
}

/** What the catalogue lists: of each name the newest ten builds, those under way and the current one. */
function listed(instances: InstanceRow[], newest: Map<string, string>): InstanceRow[] {
  return instances.filter((instance, i) => {
    const later = instances.slice(i + 1).filter(({ name }) => name === instance.name);
    const isCurrent = newest.get(`current/${instance.name}.sif`) === `../${imagePath(instance)}`;
    return later.length < 10 || isCurrent || /pending|queued|building/.test(instance.status);
  });
}

function imagePath({ name, tag }: { name: string; tag: string }): string {
  return `builds/${tag}/${name}.sif`;
}
