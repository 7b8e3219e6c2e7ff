import type { Catalogue, CatalogueImage } from '../builds/catalogue-format.ts';
import { expectedDurations } from '../store/build-durations.ts';
import { newestTagName } from '../store/build-tags.ts';
import { formatDuration } from '../util/clock.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import type { Answer, Column, Context } from './context.ts';
import { asksStore, loadCatalogue } from './load-catalogue.ts';
import { hintFor, hintLines, rowOfImage } from './progress-row.ts';
import { isVerification, tellVerifications, verificationRows } from './verification-rows.ts';
import { watchBuilds } from './watch-builds.ts';

interface Arguments {
  tag?: string;
  watch: boolean;
  verifications: boolean;
}

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'tag', title: 'TAG' },
  { key: 'status', title: 'STATUS' },
  { key: 'job', title: 'JOB' },
  { key: 'node', title: 'NODE' },
  { key: 'elapsed', title: 'ELAPSED', align: 'right', show: (value) => formatDuration(value as number | null) },
  { key: 'kind', title: 'KIND' },
  { key: 'message', title: 'MESSAGE' },
  { key: 'attempt', title: 'ATTEMPT', align: 'right', shown: false },
  { key: 'class', title: 'CLASS', shown: false },
  { key: 'hint', title: 'HINT', shown: false },
];

/**
 * `ctmgr status [TAG]`: the images of a build tag and how far each is; the newest tag without an argument. `--watch`
 * follows them to their end first; 0 only if every image is good then. A verification build is shown by its name, and all that are kept
 * with `--verifications`.
 */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const isOne = argv.tag !== undefined && isVerification(argv.tag);
  if (argv.verifications || isOne) {
    const other = argv.watch ? '--watch' : argv.verifications ? argv.tag : undefined;
    if (other === undefined) return verifications(context, argv.tag);
    throw new CtmgrError('usage', `${other} does not go with verification builds`, {
      hint: isOne ? `ctmgr verify ${argv.tag} --wait` : 'ctmgr status --verifications',
    });
  }
  const wanted = argv.tag ?? (asksStore(context) ? await newestTagName(await context.store()) : undefined);
  const selection = wanted === undefined ? undefined : { tag: wanted };
  let catalogue = await loadCatalogue(context, selection);
  const tag = wanted === undefined ? catalogue.tags.at(-1) : catalogue.tags.find(({ name }) => name === wanted);
  if (tag === undefined) {
    await tellVerifications(context);
    if (argv.tag === undefined) return { kind: 'table', columns, records: [], empty: 'Nothing has been built yet.' };
    throw new CtmgrError('inputMissing', `there is no build tag ${argv.tag}`, { hint: 'ctmgr status' });
  }
  if (tag.note !== null) context.terminal.say(`ctmgr: ${tag.name}: ${tag.note}`);
  let interrupted = false;
  if (argv.watch) {
    const known = asksStore(context) ? await expectedDurations(await context.store()) : undefined;
    const read = async (): Promise<CatalogueImage[]> => {
      catalogue = await loadCatalogue(context, selection);
      return catalogue.images;
    };
    interrupted = !(await watchBuilds(context, tag.name, read, known));
  }
  const images = catalogue.images.filter((image) => image.tag === tag.name);
  if (!argv.watch) {
    tellMore(context, catalogue, tag.name, images);
    await tellVerifications(context);
  }
  const bad = argv.watch && images.some(({ status }) => status !== 'success');
  const exitCode = interrupted ? exitCodes.interrupted : bad ? exitCodes.failed : 0;
  return { kind: 'table', columns, records: images.map(describe), exitCode };
}

async function verifications(context: Context, name?: string): Promise<Answer> {
  const records = await verificationRows(context, name);
  return { kind: 'table', columns, records, empty: 'No verification build is kept.' };
}

/** What needs somebody, and other tags that are not finished, for people. */
function tellMore(context: Context, { images: all }: Catalogue, tag: string, images: CatalogueImage[]): void {
  for (const line of hintLines(images.map(rowOfImage))) context.terminal.say(`ctmgr: ${line}`);
  const open = all.filter(({ status }) => status === 'pending' || status === 'queued' || status === 'building');
  const others = [...new Set(open.map((image) => image.tag))].filter((name) => name !== tag);
  if (others.length > 0) context.terminal.say(`ctmgr: not finished either: ${others.join(' ')}`);
}

function describe(image: CatalogueImage): Record<string, unknown> {
  return {
    name: image.name,
    tag: image.tag,
    status: image.status,
    job: image.job,
    node: image.node,
    elapsed: image.started === null || image.ended === null ? null : image.ended - image.started,
    kind: image.failure_kind,
    message: [image.message, image.reason].filter((text) => text !== null).join('; ') || null,
    attempt: image.attempt,
    class: image.class,
    hint: hintFor(rowOfImage(image)) ?? null,
  };
}
