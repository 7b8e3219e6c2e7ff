import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { argumentLists, type BuiltImage, type BuiltImages } from './built-image.ts';
import { readTree } from './read-tree.ts';

/**
 * Runs in the cluster as root: reads Apptainer images and prints `BuiltImages`. Arguments: a scratch folder, and for each image
 * its path; the name is the file's. Images are started by an ordinary user.
 */

const run = promisify(execFile);
const [scratch = '', ...paths] = process.argv.slice(2);

async function read(path: string): Promise<BuiltImage | string> {
  const name = path.replace(/^.*\//, '').replace(/\.sif$/, '');
  const root = join(scratch, name);
  const parts = execFileSync('apptainer', ['sif', 'list', path], { encoding: 'utf8' });
  const offset = /\|(\d+)-\d+\s*\|FS/.exec(parts)?.[1] ?? '';
  execFileSync('unsquashfs', ['-quiet', '-no-progress', '-processors', '1', '-offset', offset, '-dest', root, path], {
    stdio: 'ignore',
  });
  const own = join(root, '.singularity.d');
  const image: BuiltImage = {
    tree: readTree(root),
    environment: await environmentOf(path),
    labels: JSON.parse(readFileSync(join(own, 'labels.json'), 'utf8')) as Record<string, string>,
    runs: [],
  };
  const definition = readFileSync(join(own, 'Singularity'), 'utf8');
  if (definition.includes('%runscript')) for (const args of argumentLists) image.runs.push(await start(path, args));
  rmSync(root, { recursive: true });
  return image;
}

const asUser = ['--reuid', 'ctmgr', '--regid', 'ctmgr', '--init-groups', 'apptainer', '--silent'];
const isolated = ['--cleanenv', '--contain', '--no-home', '--pwd', '/'];
const options = { env: { PATH: process.env['PATH'], HOME: '/root' }, cwd: '/', maxBuffer: 2 ** 24 };

async function environmentOf(path: string): Promise<Record<string, string>> {
  try {
    const { stdout } = await run('setpriv', [...asUser, 'exec', ...isolated, path, 'env', '-0'], options);
    const pairs = stdout.split('\0').filter((pair) => pair !== '');
    return Object.fromEntries(pairs.map((pair) => [pair.replace(/=.*/s, ''), pair.replace(/^[^=]*=/, '')]));
  } catch (error) {
    if (/not found/.test(String(error))) return {};
    throw error;
  }
}

async function start(path: string, args: string[]): Promise<string> {
  try {
    const running = run('setpriv', [...asUser, 'run', ...isolated, path, ...args], options);
    running.child.stdin?.end();
    return (await running).stdout;
  } catch (error) {
    const { code, stdout } = error as { code?: number; stdout?: string };
    return `exit ${code}: ${stdout}`;
  }
}

mkdirSync(scratch, { recursive: true });
const images: BuiltImages = {};
const waiting = [...paths];
await Promise.all(
  [1, 2].map(async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      images[path.replace(/^.*\//, '').replace(/\.sif$/, '')] = await read(path);
    }
  }),
);
process.stdout.write(JSON.stringify(images));
