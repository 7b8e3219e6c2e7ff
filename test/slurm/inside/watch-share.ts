import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs on a node of the cluster: looks at the share of a site, the folder that is the only argument, over and over like
 * the most impatient reader, until standard input ends; then prints a `WatchReport`. Standard error says when it begins.
 */

export interface WatchReport {
  rounds: number;
  /** What no reader may ever see, each once. */
  violations: string[];
  /** By path: SHA-256 of every image file in the moment in which it was there for the first time. */
  firstSeen: Record<string, string>;
  /** By `NAME:TAG`: the statuses that the catalogue has shown, in order, each change once. */
  statuses: Record<string, string[]>;
}

interface CatalogueText {
  images: { name: string; tag: string; status: string; current: boolean; file: string | null }[];
}

const share = process.argv[2] ?? '';
const violations = new Set<string>();
const seen = new Map<string, { size: number; inode: number; sha256: string }>();
const statuses = new Map<string, string[]>();
const current = new Set<string>();
let catalogueInode = 0;

function look(): void {
  for (const tag of entries(join(share, 'builds'))) {
    for (const name of entries(join(share, 'builds', tag))) {
      if (!name.startsWith('.') && name.endsWith('.sif')) checkImage(join(share, 'builds', tag, name));
    }
  }
  checkCurrent();
  checkCatalogue();
}

function checkImage(path: string): void {
  const { size, ino: inode, mode } = lstatSync(path);
  const known = seen.get(path);
  if (known === undefined) {
    const bytes = readFileSync(path);
    if (bytes.subarray(32, 41).toString('latin1') !== 'SIF_MAGIC') violations.add(`${path} is no image`);
    if (bytes.length !== size) violations.add(`${path} grew while it was read`);
    seen.set(path, { size, inode, sha256: createHash('sha256').update(bytes).digest('hex') });
  } else if (known.size !== size || known.inode !== inode) {
    violations.add(`${path} was changed`);
  }
  if ((mode & 0o022) !== 0) violations.add(`${path} can be written by others`);
}

function checkCurrent(): void {
  const names = new Set(entries(join(share, 'current')).filter((name) => !name.startsWith('.')));
  for (const name of current) if (!names.has(name)) violations.add(`current/${name} was gone`);
  for (const name of names) {
    current.add(name);
    const link = join(share, 'current', name);
    const target = readlinkSync(link);
    if (!/^\.\.\/builds\/[^/]+\/[^/]+$/.test(target) || !target.endsWith(`/${name}`)) {
      violations.add(`current/${name} pointed at ${target}`);
    }
    try {
      if ((statSync(link).mode & 0o444) !== 0o444) violations.add(`current/${name} could not be read by all`);
    } catch {
      violations.add(`current/${name} pointed at ${target}, which was not there`);
    }
  }
}

function checkCatalogue(): void {
  const path = join(share, 'catalog.json');
  const { ino } = statSync(path);
  if (ino === catalogueInode) return;
  catalogueInode = ino;
  const { images } = JSON.parse(readFileSync(path, 'utf8')) as CatalogueText;
  for (const { name, tag, status, current: isCurrent, file } of images) {
    const key = `${name}:${tag}`;
    const past = statuses.get(key) ?? [];
    statuses.set(key, past);
    if (past.at(-1) !== status) past.push(status);
    if (status === 'success' ? file === null || !exists(file) : file !== null || isCurrent) {
      violations.add(`the catalogue said that ${key} is ${status}, file ${file}`);
    }
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

const over = new AbortController();
let rounds = 0;
process.stderr.write('looking\n');
process.stdin.resume().once('end', () => over.abort());
while (!over.signal.aborted) {
  try {
    look();
  } catch (error) {
    violations.add(`a reader met ${String(error)}`);
  }
  rounds += 1;
  await delay(10);
}
const report: WatchReport = {
  rounds,
  violations: [...violations],
  firstSeen: Object.fromEntries([...seen].map(([path, { sha256 }]) => [path, sha256])),
  statuses: Object.fromEntries(statuses),
};
process.stdout.write(JSON.stringify(report));
