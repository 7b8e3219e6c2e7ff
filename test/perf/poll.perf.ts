import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { confirmSubmission } from '../../lib/builds/submit-array.ts';
import { type PassReport, pollOnce } from '../../lib/builds/poll.ts';
import { resultFile } from '../../lib/builds/tag-folders.ts';
import { arraysOfTag, insertBuildArray } from '../../lib/store/build-arrays.ts';
import { insertBuildTag } from '../../lib/store/build-tags.ts';
import { insertInstance, type Instance, instancesOfTag } from '../../lib/store/instances.ts';
import { listCurrentRecipes } from '../../lib/store/recipes.ts';
import { importOne, makeTestSite, type TestSite } from '../integration/support/test-site.ts';
import type { PerfEntry, PerfTable } from './support/entry.ts';

const recipes = 1000;
const tags = 10;
const epoch = Math.floor(Date.now() / 1000);

/** Prints its file and writes down that it was called. */
const standIn = (tool: string): string => `#!/bin/sh
echo ${tool} >>"\${0%/bin/*}/calls"
exec cat "\${0%/bin/*}/${tool}.txt"
`;

/** A site with so many elements that are not finished: an array of `recipes` elements for each tag, all of them with Slurm. */
async function makeBusySite(): Promise<TestSite> {
  const site = await makeTestSite('[retry]\ninfrastructure = 0');
  const bin = join(site.folder, 'bin');
  mkdirSync(bin);
  for (const tool of ['sacct', 'squeue']) writeFileSync(join(bin, tool), standIn(tool), { mode: 0o755 });
  for (let i = 0; i < recipes; i += 1) await importOne(site, `app-${i}`);
  const contents = (await listCurrentRecipes(site.store)).map(({ content }) => content.id);
  for (let t = 1; t <= tags; t += 1) {
    const name = `2026-11-22.${t}`;
    const tagId = await site.store.transaction().execute(async (db) => {
      const paths = { name, buildsPath: join(site.paths.builds, name), logsPath: join(site.paths.logs, name) };
      const id = await insertBuildTag(db, paths, 'tester', epoch);
      const array = { buildTagId: id, class: 'default', marker: `marker-${t}`, submitter: '' };
      const buildArrayId = await insertBuildArray(db, array);
      for (const [index, recipeContentId] of contents.entries()) {
        const place = { buildTagId: id, buildArrayId, recipeContentId, taskIndex: index, arrayIndex: index };
        const definition = 'Bootstrap: docker\n'.repeat(100);
        await insertInstance(db, { ...place, inputHash: '', definition, group: null, overlayContentIds: [] }, epoch);
      }
      return id;
    });
    for (const array of await arraysOfTag(site.store, tagId)) await confirmSubmission(site, array, { jobId: 100 + t });
    mkdirSync(join(site.paths.results, name));
  }
  return { ...site, slurm: { binDir: bin, timeout: 60_000 } };
}

function says(site: TestSite, tool: string, lines: string[]): void {
  writeFileSync(join(site.folder, `${tool}.txt`), lines.map((line) => `${line.replaceAll('|', '\u001F')}\n`).join(''));
}

const jobs = Array.from({ length: tags }, (_, i) => i + 1);
const everyElement = (line: (tag: number, index: number) => string): string[] =>
  jobs.flatMap((tag) => Array.from({ length: recipes }, (_, index) => line(tag, index)));

function allWait(site: TestSite, reason: string): void {
  const rest = `1-${recipes - 1}%16`;
  says(
    site,
    'sacct',
    jobs.map((t) => `${100 + t}_[0,${rest}]|PENDING|0:0|${epoch}|Unknown|Unknown|None assigned|None|marker-${t}`),
  );
  says(
    site,
    'squeue',
    jobs.map((t) => `${100 + t}_[0,${rest}]|PENDING|${epoch}|N/A|N/A||${reason}|marker-${t}`),
  );
}

function allRun(site: TestSite): void {
  says(
    site,
    'sacct',
    everyElement((t, i) => `${100 + t}_${i}|RUNNING|0:0|${epoch}|${epoch}|Unknown|b${i % 64}|None|marker-${t}`),
  );
  says(site, 'squeue', []);
}

/** Half of them have failed for a reason that only Slurm knows. */
function halfEnd(site: TestSite): void {
  says(
    site,
    'sacct',
    everyElement((t, i) => {
      const state = i % 2 === 0 ? 'RUNNING' : 'TIMEOUT';
      const end = i % 2 === 0 ? 'Unknown' : String(epoch);
      return `${100 + t}_${i}|${state}|0:0|${epoch}|${epoch}|${end}|b${i % 64}|None|marker-${t}`;
    }),
  );
}

async function reportFailures(site: TestSite, tag: number): Promise<void> {
  const instances: Instance[] = await instancesOfTag(site.store, tag);
  for (const instance of instances.filter(({ status }) => status === 'building')) {
    const path = resultFile(site.paths, instance);
    mkdirSync(dirname(path), { recursive: true });
    const common = { schema: 1, message: 'no', node: 'b1', job_id: instance.job_id, index: instance.array_index };
    const result = {
      ...common,
      outcome: 'failure',
      kind: 'build',
      exit_code: 2,
      started: epoch,
      ended: epoch,
      apptainer: '',
    };
    writeFileSync(path, JSON.stringify(result));
  }
}

interface Figures {
  wall: number;
  cpu: number;
  memory: number;
  processes: string;
  transactions: number;
  moved: number;
}

async function onePass(site: TestSite, askSlurm: boolean, previous?: PassReport): Promise<[Figures, PassReport]> {
  let transactions = 0;
  const counting = {
    ...site,
    store: new Proxy(site.store, {
      get(target, key) {
        if (key === 'transaction') transactions += 1;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    }),
  };
  writeFileSync(join(site.folder, 'calls'), '');
  const cpu = process.cpuUsage();
  const start = performance.now();
  const report = await pollOnce(counting, askSlurm, previous);
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const calls = readFileSync(join(site.folder, 'calls'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const figures = {
    wall,
    cpu: (user + system) / 1e6,
    memory: process.memoryUsage().rss / 2 ** 20,
    processes: calls.join(' ') || 'none',
    transactions,
    moved: report.transitions.length,
  };
  return [figures, report];
}

async function measure(): Promise<PerfTable[]> {
  const site = await makeBusySite();
  const rows: (string | number)[][] = [];
  let previous: PassReport | undefined;
  const pass = async (what: string, askSlurm: boolean): Promise<void> => {
    const [figures, report] = await onePass(site, askSlurm, previous);
    previous = report;
    const { wall, cpu, memory, processes, transactions, moved } = figures;
    rows.push([
      what,
      moved,
      Number(wall.toFixed(2)),
      Number(cpu.toFixed(2)),
      Math.round(memory),
      processes,
      transactions,
    ]);
  };
  try {
    allWait(site, 'Priority');
    await pass('first pass, all wait', true);
    await pass('all wait, nothing is new', true);
    await pass('result files only, nothing is new', false);
    allWait(site, 'Resources');
    await pass('all wait for another reason', true);
    allRun(site);
    await pass('all have started', true);
    await pass('all run, nothing is new', true);
    await pass('result files only, nothing is new', false);
    halfEnd(site);
    await pass('half have ended, as Slurm says', true);
    for (const tag of jobs) await reportFailures(site, tag);
    await pass('the rest has ended, as result files say', false);
    await pass('nothing is unfinished', true);
  } finally {
    await site.remove();
  }
  const caption = `One poll cycle with ${(recipes * tags).toLocaleString('en')} unfinished elements in ${tags} arrays`;
  const columns = ['cycle', 'moved', 'seconds', 'CPU s', 'memory MiB', 'processes', 'transactions'];
  return [{ caption, columns, rows }];
}

export const entry: PerfEntry = { title: 'the poller under load', needsCluster: false, measure };
