import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clusterEnvironment } from './slurm/support/cluster-environment.ts';

/** Everything that `npm test` runs, with a closing line that counts it: checks of the sources, then jest's tests. */

const root = join(import.meta.dirname, '..');
const node = process.execPath;
const cluster = join(root, 'test/cluster/cluster');
const wanted = process.argv.slice(2);
const projects = wanted.length > 0 ? wanted : ['unit', 'integration', 'slurm'];
const counts = { passed: 0, failed: 0 };

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One check of the sources; counts as one test. */
function check(title: string, command: string, args: string[]): void {
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  counts[status === 0 ? 'passed' : 'failed'] += 1;
  print(`${status === 0 ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`);
}

function checkSources(): void {
  const tool = (name: string): string => join(root, 'node_modules/.bin', name);
  check('types (tsc)', tool('tsc'), []);
  check('lint (oxlint)', tool('oxlint'), ['--type-aware', '--quiet', 'lib', 'test']);
  check('format (prettier)', tool('prettier'), ['--check', '--log-level', 'warn', '.']);
  check('unused code and packages (knip)', tool('knip'), ['--no-progress']);
}

/** Runs jest and adds its counts; a run that ends without counting anything has failed. */
function jest(names: string[], extra: string[], env: NodeJS.ProcessEnv = {}): void {
  if (names.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'ctmgr-jest-'));
  const file = join(folder, 'result.json');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jestArgs = ['--selectProjects', ...names, '--json', `--outputFile=${file}`, ...extra];
  const { status } = spawnSync(node, [...flags, join(root, 'node_modules/jest/bin/jest.js'), ...jestArgs], {
    cwd: root,
    // jest prints its JSON to standard output as well; what people read goes to standard error.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      numFailedTestSuites: number;
      success: boolean;
    };
    counts.passed += result.numPassedTests;
    counts.failed += result.success ? 0 : Math.max(1, result.numFailedTests, result.numFailedTestSuites);
  } catch {
    print(`FAILED jest ended with ${status} and no result`);
    counts.failed += 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Clusters side by side: the tests wait more than they compute. The first is the one that people use by hand. */
const workers = 2;

/**
 * Boots the cluster of a worker if it is not up, and heals what a run that was killed has left broken in it. Says loudly why not on
 * a machine that cannot run it.
 */
function bootCluster(worker: number): { usable: boolean; booted: boolean } {
  const env = clusterEnvironment(worker);
  const wasUp = spawnSync(cluster, ['status'], { stdio: 'ignore', env }).status === 0;
  const usable = spawnSync(cluster, ['up'], { stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
  // Nobody uses another than the first by hand: it is of this run, or of one that was killed.
  return { usable, booted: usable && (!wasUp || worker > 1) };
}

function testOnClusters(): void {
  const clusters = [bootCluster(1)];
  if (clusters[0]?.usable !== true) return notTested();
  for (let worker = 2; worker <= workers && clusters.at(-1)?.usable === true; worker += 1)
    clusters.push(bootCluster(worker));
  const usable = clusters.filter((one) => one.usable).length;
  jest(['slurm'], usable === 1 ? ['--runInBand'] : [`--maxWorkers=${usable}`]);
  for (const [index, { booted }] of clusters.entries()) {
    if (booted)
      spawnSync(cluster, ['down'], { stdio: ['ignore', 'inherit', 'inherit'], env: clusterEnvironment(index + 1) });
  }
}

function notTested(): void {
  print('');
  print('**********************************************************************************');
  print('*  NOT TESTED: this machine cannot run the cluster, so no test that needs Slurm  *');
  print('*  and Apptainer was run. The reason stands above.                               *');
  print('**********************************************************************************');
  if (process.env['CI'] === 'true') counts.failed += 1;
}

/**
 * Runs the tests that need no cluster, with their temporary files in memory where there is room and programs may be run there: they
 * write thousands of small files and hundreds of databases, each of which would be brought to the disk.
 */
function testWithoutCluster(names: string[]): void {
  const folder = mkdtempSync(existsSync('/dev/shm') ? '/dev/shm/ctmgr-test-' : join(tmpdir(), 'ctmgr-test-'));
  try {
    // Some tests act as another user.
    chmodSync(folder, 0o755);
    const { bavail, bsize } = statfsSync(folder);
    copyFileSync('/bin/true', join(folder, 'true'));
    const usable = bavail * bsize > 2 ** 30 && spawnSync(join(folder, 'true')).status === 0;
    const cache = `--cacheDirectory=${join(root, 'node_modules/.cache/jest')}`;
    jest(names, ['--maxWorkers=3', cache], usable ? { TMPDIR: folder } : {});
  } finally {
    rmSync(folder, { recursive: true });
  }
}

checkSources();
testWithoutCluster(projects.filter((name) => name !== 'slurm'));
if (projects.includes('slurm')) testOnClusters();
print(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
