import { type NameUsage, usageOfNames } from '../store/usage-rows.ts';
import { findGroup } from '../util/accounts.ts';
import { formatSize, formatTime } from '../util/clock.ts';
import type { Answer, Column, Context } from './context.ts';

const numbers: Column[] = [
  { key: 'images', title: 'IMAGES', align: 'right' },
  { key: 'bytes', title: 'SIZE', align: 'right', show: (value) => formatSize(value as number) },
  { key: 'versions', title: 'VERSIONS', align: 'right' },
  { key: 'newest', title: 'NEWEST', show: (value) => formatTime(value as number | null) },
];

const groupColumn: Column = {
  key: 'group',
  title: 'GROUP',
  show: (value) => (typeof value === 'string' ? value : '(everybody)'),
};

/** `ctmgr usage`: what images take on the share, for each group, or with `--images` for each name. */
export async function run(argv: { images: boolean }, context: Context): Promise<Answer> {
  const usage = await usageOfNames(await context.store());
  const empty = 'No recipe has been imported.';
  const byGroup = Map.groupBy(usage, ({ group }) => group);
  const missing = new Set([...byGroup.keys()].filter((group) => group !== null && findGroup(group) === undefined));
  for (const group of missing) {
    context.terminal.say(`ctmgr: there is no group ${group}, so nobody may read its images`);
  }
  if (argv.images) {
    const columns: Column[] = [{ key: 'name', title: 'NAME' }, groupColumn, ...numbers];
    const records = usage.map((row) => ({ ...row, retired: row.retired === 1 }));
    return { kind: 'table', columns, records: records.sort((a, b) => b.bytes - a.bytes), empty };
  }
  const columns: Column[] = [groupColumn, { key: 'names', title: 'NAMES', align: 'right' }, ...numbers];
  const records = [...byGroup].map(([group, rows]) => ({ group, group_exists: !missing.has(group), ...sum(rows) }));
  return { kind: 'table', columns, records: records.sort((a, b) => b.bytes - a.bytes), empty };
}

function sum(rows: NameUsage[]): Omit<NameUsage, 'name' | 'group' | 'retired'> & { names: number } {
  const total = (key: 'images' | 'bytes' | 'versions'): number => rows.reduce((value, row) => value + row[key], 0);
  const times = rows.flatMap(({ newest }) => (newest === null ? [] : [newest]));
  return {
    names: rows.length,
    images: total('images'),
    bytes: total('bytes'),
    versions: total('versions'),
    newest: times.length === 0 ? null : Math.max(...times),
  };
}
