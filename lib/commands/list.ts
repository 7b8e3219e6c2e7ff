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
  { key: 'sha256', title: 'SHA256', shown: false },
  { key: 'file', title: 'FILE', shown: false },
];

/** `ctmgr list`: what NAME means now, for every name. */
export async function run(argv: { all: boolean }, context: Context): Promise<Answer> {
  const catalogue = await loadCatalogue(context);
  const records: Record<string, unknown>[] = catalogue.images.filter((image) => image.current).map(describe);
  if (argv.all) {
    const published = new Set(records.map(({ name }) => name));
    const newest = new Map(catalogue.recipes.map((recipe) => [recipe.name, recipe]));
    for (const { name, version, base } of newest.values()) {
      if (!published.has(name)) records.push({ name, version, base, ...nothingYet });
    }
  }
  records.sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
  const shown = argv.all
    ? columns.map((column) => (column.key === 'status' ? { ...column, shown: true } : column))
    : columns;
  return { kind: 'table', columns: shown, records, empty: 'No image has been published yet.' };
}

const nothingYet = { tag: null, status: 'no image', size: null, built: null, sha256: null, file: null };

function describe({ name, tag, size, ended, version, base, sha256, file }: CatalogueImage): Record<string, unknown> {
  return { name, tag, status: 'current', size, built: ended, version, base, sha256, file };
}
