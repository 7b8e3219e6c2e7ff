import { formatDuration } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';
import { checkTag } from '../util/names.ts';
import type { Answer, Column, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'tag', title: 'TAG' },
  { key: 'status', title: 'STATUS' },
  { key: 'job', title: 'JOB' },
  { key: 'node', title: 'NODE' },
  { key: 'elapsed', title: 'ELAPSED', align: 'right', show: (value) => formatDuration(value as number | null) },
  { key: 'kind', title: 'KIND' },
  { key: 'message', title: 'MESSAGE' },
];

/** `ctmgr status [TAG]`: the images of a build tag and how far each is; the newest tag without an argument. */
export async function run(argv: { tag?: string }, context: Context): Promise<Answer> {
  if (argv.tag !== undefined) checkTag(argv.tag);
  const catalogue = await loadCatalogue(context, argv.tag === undefined ? undefined : { tag: argv.tag });
  const tag = argv.tag === undefined ? catalogue.tags.at(-1) : catalogue.tags.find(({ name }) => name === argv.tag);
  if (tag === undefined) {
    if (argv.tag === undefined) return { kind: 'table', columns, records: [], empty: 'Nothing has been built yet.' };
    throw new CtmgrError('inputMissing', `there is no build tag ${argv.tag}`, { hint: 'ctmgr status' });
  }
  if (tag.note !== null) context.terminal.say(`ctmgr: ${tag.name}: ${tag.note}`);
  const records = catalogue.images
    .filter((image) => image.tag === tag.name)
    .map((image) => ({
      name: image.name,
      tag: image.tag,
      status: image.status,
      job: image.job,
      node: image.node,
      elapsed: image.started === null || image.ended === null ? null : image.ended - image.started,
      kind: image.failure_kind,
      message: image.message ?? image.reason,
    }));
  return { kind: 'table', columns, records };
}
