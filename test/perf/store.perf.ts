import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCatalogue } from '../../lib/builds/read-catalogue.ts';
import { writeCatalogue } from '../../lib/builds/write-catalogue.ts';
import { currentUserName } from '../../lib/util/accounts.ts';
import { importOne, makeTestSite, type TestSite } from '../integration/support/test-site.ts';
import type { PerfEntry, PerfTable } from './support/entry.ts';
import { fillStore } from './support/fill-store.ts';

const recipes = 1000;
const few = 10;
const many = 1000;
const part = 50;
const runs = 7;
const startRuns = 15;
const root = join(import.meta.dirname, '../..');

/** One way to start a program; `config` is the site's. */
interface Call {
  what: string;
  words: [string, ...string[]];
  config: string;
}

/** What `npm pack` would install, in a folder of the site: the bundle without the sources. */
function makeBundle(site: TestSite): string {
  const folder = join(site.folder, 'installed');
  for (const name of ['bin', 'recipe-templates', 'sbatch-templates', 'package.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { build: string } };
  const script = `PATH="$1/node_modules/.bin:$PATH"; ${scripts.build} --outdir="$2"`;
  execFileSync('sh', ['-c', script, 'sh', root, join(folder, 'dist')], { cwd: root });
  return join(folder, 'bin/ctmgr');
}

function milliseconds({ what, words: [command, ...words], config }: Call): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(command, words, {
    env: { ...process.env, CTMGR_CONFIG: config },
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${what} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

/** The median of each, all in turn so that the machine's moods meet all alike. */
function medians(calls: Call[], rounds: number): number[] {
  const times = calls.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, call] of calls.entries()) times[i]?.push(milliseconds(call));
  }
  return times.map((own) => Math.round(own.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round(performance.now() - start);
}

/** Times of what a store of this size is asked. */
async function ask(site: TestSite, ctmgr: string): Promise<number[]> {
  const calls = [['list'], ['history', 'app-7'], ['status'], ['status', 'TAG'], ['list', '--all'], ['usage']];
  const { name: oldest } = await site.store
    .selectFrom('build_tag')
    .select('name')
    .orderBy('id')
    .executeTakeFirstOrThrow();
  const commands = calls.map((words): Call => {
    const real = words.map((word) => (word === 'TAG' ? oldest : word));
    return { what: words.join(' '), words: [ctmgr, ...real], config: site.configFile };
  });
  return [
    ...medians(commands, runs),
    await timed(() => writeCatalogue(site.store, site.paths)),
    await timed(() => readCatalogue(site.paths)),
    Math.round(statSync(site.paths.catalogue).size / 1024),
    Math.round(statSync(site.paths.database).size / 2 ** 20),
  ];
}

const questions = [
  'ctmgr list, ms',
  'ctmgr history NAME, ms',
  'ctmgr status, ms',
  'ctmgr status TAG (the oldest), ms',
  'ctmgr list --all, ms',
  'ctmgr usage, ms',
  'writing the catalogue, ms',
  'reading the catalogue, ms',
  'catalogue, KiB',
  'database, MiB',
];

async function measure(): Promise<PerfTable[]> {
  const site = await makeTestSite();
  try {
    const config = readFileSync(site.configFile, 'utf8');
    writeFileSync(site.configFile, config.replace('[rights]', `[rights]\nadmin_users = ["${currentUserName()}"]`));
    const ctmgr = makeBundle(site);
    const start = await startUp(site, ctmgr);
    for (let i = 1; i < recipes; i += 1) await importOne(site, `app-${i}`);
    await fillStore(site.store, site.paths.share, 0, few);
    const small = await ask(site, ctmgr);
    const seconds = (await timed(() => fillMore(site))) / 1000;
    const large = await ask(site, ctmgr);
    const count = (days: number): string => `${(days * recipes).toLocaleString('en')} instances`;
    const made = `the second made in ${Math.round(seconds)} s`;
    return [
      start,
      {
        caption: `${recipes} recipes built ${few} and ${many} times; as an admin, from the bundle; ${made}`,
        columns: ['what', count(few), count(many)],
        rows: questions.map((question, i) => [question, small[i] ?? '', large[i] ?? '']),
      },
    ];
  } finally {
    await site.remove();
  }
}

/** In parts: a transaction keeps what it changes in the write-ahead log. */
async function fillMore(site: TestSite): Promise<void> {
  for (let day = few; day < many; day += part) {
    await fillStore(site.store, site.paths.share, day, Math.min(part, many - day));
  }
}

/** `ctmgr list` of one image beside a Node that does nothing. */
async function startUp(site: TestSite, bundle: string): Promise<PerfTable> {
  await importOne(site, 'app-0');
  await fillStore(site.store, site.paths.share, -1, 1);
  await writeCatalogue(site.store, site.paths);
  // A host without the database: what users get everywhere.
  const userConfig = join(site.folder, 'user.toml');
  const elsewhere = join(site.folder, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(userConfig, readFileSync(site.configFile, 'utf8').replace(site.paths.state, elsewhere));
  const config = site.configFile;
  const calls: Call[] = [
    { what: 'node -e 0', words: [process.execPath, '-e', '0'], config },
    { what: 'ctmgr list, bundle, from the catalogue', words: [bundle, 'list'], config: userConfig },
    { what: 'ctmgr list, bundle, from the database', words: [bundle, 'list'], config },
    { what: 'ctmgr list, sources, from the catalogue', words: [join(root, 'bin/ctmgr'), 'list'], config: userConfig },
    { what: 'ctmgr list, sources, from the database', words: [join(root, 'bin/ctmgr'), 'list'], config },
  ];
  const times = medians(calls, startRuns);
  rmSync(elsewhere, { recursive: true });
  return {
    caption: `Start-up, medians of ${startRuns} alternating runs`,
    columns: ['what', 'ms', 'more than node, ms'],
    rows: calls.map(({ what }, i) => [what, times[i] ?? 0, (times[i] ?? 0) - (times[0] ?? 0)]),
  };
}

export const entry: PerfEntry = { title: 'a store of a million instances', needsCluster: false, measure };
