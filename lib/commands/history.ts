import type { CatalogueImage } from '../builds/catalogue-format.ts';
import { formatDuration, formatSize, formatTime } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import type { Answer, Column, Context } from './context.ts';
import { attemptRows } from './attempt-rows.ts';
import { asksStore, loadCatalogue } from './load-catalogue.ts';
import { nameEventRows } from './name-event-rows.ts';

const columns: Column[] = [
  { key: 'when', title: 'WHEN', show: (value) => formatTime(value as number) },
  { key: 'what', title: 'WHAT' },
  { key: 'version', title: 'VERSION', align: 'right' },
  { key: 'made_of', title: 'MADE OF' },
  { key: 'status', title: 'STATUS' },
  { key: 'by', title: 'BY' },
  { key: 'job', title: 'JOB' },
  { key: 'node', title: 'NODE' },
  { key: 'elapsed', title: 'ELAPSED', align: 'right', show: (value) => formatDuration(value as number | null) },
  { key: 'size', title: 'SIZE', align: 'right', show: (value) => formatSize(value as number | null) },
  { key: 'message', title: 'MESSAGE' },
  { key: 'sha256', title: 'SHA256', shown: false },
  { key: 'overlays', title: 'OVERLAYS', shown: false },
  { key: 'base', title: 'BASE', shown: false },
];

/** `ctmgr history NAME`: recipe versions and builds of one image, newest first; for admins what was done with its name too. */
export async function run(argv: { name: string }, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'image');
  const catalogue = await loadCatalogue(context, { name });
  const versions = catalogue.recipes
    .filter((recipe) => recipe.name === name)
    .map(({ created, created_by, version, message, base, origin }) => ({
      when: created,
      what: `import from ${base}`,
      version,
      made_of: origin,
      base,
      by: created_by,
      message,
    }));
  if (versions.length === 0) {
    throw new CtmgrError('inputMissing', `there is no image ${name}`, { hint: 'ctmgr list --all' });
  }
  const tags = new Map(catalogue.tags.map((tag) => [tag.name, tag]));
  const builds = catalogue.images
    .filter((image) => image.name === name)
    .map((image) => ({
      when: tags.get(image.tag)?.created ?? image.changed,
      what: `build ${image.tag}`,
      version: image.version,
      status: statusOf(image),
      by: tags.get(image.tag)?.created_by,
      job: image.job,
      node: image.node,
      elapsed: image.started === null || image.ended === null ? null : image.ended - image.started,
      size: image.size,
      message: image.failure_kind === null ? image.message : `${image.failure_kind}: ${image.message}`,
      sha256: image.sha256,
      overlays: image.overlays.join(','),
      made_of: [`version ${image.version}`, ...image.overlays].join(', '),
      base: image.base,
    }));
  const earlier = catalogue.images.filter((image) => image.name === name).flatMap(attemptRows);
  const events = asksStore(context) ? await nameEventRows(await context.store(), name) : [];
  // A version is there before the builds that use it, also within the same second, and a build before the name means it.
  const records = [...versions, ...earlier, ...builds, ...events]
    .map((record, i) => ({ record, i }))
    .sort((a, b) => b.record.when - a.record.when || b.i - a.i);
  return { kind: 'table', columns, records: records.map(({ record }) => record) };
}

function statusOf({ current, pinned, removed, status }: CatalogueImage): string {
  if (current) return pinned ? 'current, pinned' : 'current';
  return removed === null ? status : 'deleted';
}
