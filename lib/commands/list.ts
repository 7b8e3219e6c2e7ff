import type { CatalogueImage } from '../builds/catalogue-format.ts';
import { formatSize, formatTime } from '../util/clock.ts';
import type { Answer, Column, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';

const time = (value: unknown): string => formatTime(value as number | null);

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'tag', title: 'TAG' },
  { key: 'status', title: 'STATUS', shown: false },
  { key: 'size', title: 'SIZE', align: 'right', show: (value) => formatSize(value as number | null) },
  { key: 'built', title: 'BUILT', show: time },
  { key: 'version', title: 'VERSION', align: 'right' },
  { key: 'base', title: 'BASE' },
  { key: 'group', title: 'GROUP', shown: false },
  { key: 'pinned', title: 'PINNED', shown: false, show: (value) => (value === true ? 'yes' : '') },
  { key: 'sha256', title: 'SHA256', shown: false },
  { key: 'file', title: 'FILE', shown: false },
];

/** `ctmgr list`: what NAME means now, for every name. Columns that few sites need are shown where they say something. */
export async function run(argv: { all: boolean }, context: Context): Promise<Answer> {
  const catalogue = await loadCatalogue(context);
  const records: Record<string, unknown>[] = catalogue.images.filter((image) => image.current).map(describe);
  if (argv.all) {
    const published = new Set(records.map(({ name }) => name));
    const newest = new Map(catalogue.recipes.map((recipe) => [recipe.name, recipe]));
    for (const { name, version, base, group, retired } of newest.values()) {
      const status = retired === null ? 'no image' : 'retired';
      if (!published.has(name)) records.push({ name, version, base, group, ...nothingYet, status });
    }
  }
  records.sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
  const telling = ['group', 'pinned'].filter((key) => records.some((record) => Boolean(record[key])));
  if (argv.all) telling.push('status');
  const shown = columns.map((column) => (telling.includes(column.key) ? { ...column, shown: true } : column));
  return { kind: 'table', columns: shown, records, empty: 'No image has been published yet.' };
}

const nothingYet = { tag: null, size: null, built: null, sha256: null, file: null, pinned: false };

function describe(image: CatalogueImage): Record<string, unknown> {
  const { name, tag, size, ended, version, base, group, pinned, sha256, file } = image;
  return { name, tag, status: 'current', size, built: ended, version, base, group, pinned, sha256, file };
}
