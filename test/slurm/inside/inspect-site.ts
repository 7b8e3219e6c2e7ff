import Sqlite from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Runs in the cluster with the share and the database of a site as arguments and prints a `SiteState`. */

export interface FileState {
  type: 'file' | 'folder' | 'link';
  /** Octal, four digits. */
  mode: string;
  owner: string;
  group: string;
  /** Milliseconds. */
  modified: number;
  size: number;
  /** Of a link. */
  target?: string;
  sha256?: string;
  /** Of anything but an image. */
  text?: string;
}

export interface SiteState {
  /** All rows of the database by table. */
  rows: Record<string, Record<string, string | number | null>[]>;
  /** Everything on the share by path below it. */
  files: Record<string, FileState>;
}

function readRows(path: string): SiteState['rows'] {
  const database = new Sqlite(path, { readonly: true, timeout: 60_000 });
  // In one transaction: a service may be at work meanwhile, and the tables have to be those of one moment.
  const rows = database.transaction(() => {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").pluck().all() as string[];
    return tables.map((table) => [table, database.prepare(`select * from "${table}"`).all()]);
  })();
  database.close();
  return Object.fromEntries(rows) as SiteState['rows'];
}

function readTree(root: string): SiteState['files'] {
  const users = readNames('/etc/passwd');
  const groups = readNames('/etc/group');
  const files: SiteState['files'] = {};
  const visit = (folder: string): void => {
    for (const name of unlessGone(() => readdirSync(join(root, folder))) ?? []) {
      const path = join(folder, name);
      const found = unlessGone(() => describe(join(root, path), users, groups));
      if (found === undefined) continue;
      files[path] = found;
      if (found.type === 'folder') visit(path);
    }
  };
  visit('');
  return files;
}

/** Nothing for what was renamed or removed since it was listed: builds may be at work on the share meanwhile. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function describe(path: string, users: Map<number, string>, groups: Map<number, string>): FileState {
  const found = lstatSync(path);
  const common = {
    mode: (found.mode & 0o7777).toString(8).padStart(4, '0'),
    owner: users.get(found.uid) ?? String(found.uid),
    group: groups.get(found.gid) ?? String(found.gid),
    modified: found.mtimeMs,
    size: found.size,
  };
  if (found.isSymbolicLink()) return { ...common, type: 'link', target: readlinkSync(path) };
  if (found.isDirectory()) return { ...common, type: 'folder' };
  const bytes = readFileSync(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...common, type: 'file', sha256, ...(path.endsWith('.sif') ? {} : { text: bytes.toString() }) };
}

/** Id to name, from a file in the form of passwd(5) or group(5). */
function readNames(path: string): Map<number, string> {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => line.split(':')).map(([name = '', , id]) => [Number(id), name]));
}

const [share = '', database = ''] = process.argv.slice(2);
const state: SiteState = { rows: readRows(database), files: readTree(share) };
process.stdout.write(JSON.stringify(state));
