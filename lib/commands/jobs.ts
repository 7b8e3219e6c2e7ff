import type { Catalogue } from '../builds/catalogue-format.ts';
import { mentionOf } from '../builds/image-mentions.ts';
import { findImageUses } from '../builds/find-image-uses.ts';
import type { ImageUse } from '../builds/image-uses.ts';
import { sharePaths } from '../builds/share-paths.ts';
import { epochSeconds, formatTime } from '../util/clock.ts';
import { countNoun } from '../util/count-noun.ts';
import { CtmgrError } from '../util/errors.ts';
import { parseReference, quote } from '../util/names.ts';
import type { Answer, Column, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';

const unknown = (value: unknown): string => (value as string | null) ?? 'unknown';
const plain = (value: unknown): string => (value as string | null) ?? '';
const time = (value: unknown): string => formatTime(value as number | null);

const columns: Column[] = [
  { key: 'job', title: 'JOB' },
  { key: 'user', title: 'USER' },
  { key: 'state', title: 'STATE' },
  { key: 'submitted', title: 'SUBMITTED', show: time, shown: false },
  { key: 'started', title: 'START', show: time },
  { key: 'ended', title: 'END', show: time },
  { key: 'asked', title: 'ASKED FOR', show: shorten },
  { key: 'tag', title: 'TAG', show: unknown },
  { key: 'file', title: 'FILE', show: plain },
  { key: 'sha256', title: 'SHA256', show: plain, shown: false },
];

const units = {
  h: { word: 'hour', seconds: 3600 },
  d: { word: 'day', seconds: 86_400 },
  w: { word: 'week', seconds: 604_800 },
};

/** `ctmgr jobs REF`: who uses an image, and who did. */
export async function run(argv: { image: string; since: string }, context: Context): Promise<Answer> {
  const since = startOf(argv.since);
  const shares = await sharePaths(context.paths);
  const wanted = mentionOf(argv.image, shares) ?? parseReference(argv.image);
  const catalogue = await loadCatalogue(context, { name: wanted.name });
  const builds = catalogue.images.filter(({ name }) => name === wanted.name);
  if (builds.length === 0 && !catalogue.recipes.some(({ name }) => name === wanted.name)) {
    throw new CtmgrError('inputMissing', `there is no image ${wanted.name}`, { hint: 'ctmgr list' });
  }
  const uses = await findImageUses(context, wanted, builds, since.time);
  const records = uses
    .map((use) => describe(use, builds))
    .toReversed()
    .sort((a, b) => (b.submitted ?? 0) - (a.submitted ?? 0));
  return {
    kind: 'table',
    columns,
    records,
    empty: `No job that you may see has used ${argv.image} ${since.words}.`,
  };
}

function describe({ job, record, asked, name, tag, sha256 }: ImageUse, builds: Catalogue['images']) {
  const { user, state, submitted = null, started = null, ended = null } = record;
  const file = builds.find((build) => build.tag === tag)?.file ?? null;
  return { job, user, state, submitted, started, ended, asked, name, tag: tag ?? null, file, sha256: sha256 ?? null };
}

/** The path is that of the file, which has a column of its own. */
function shorten(asked: unknown): string {
  const text = asked as string;
  return text.startsWith('/') ? 'its file' : text.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…');
}

/** `7d`, `12h` or a date with or without a time, in the caller's zone: seconds since the epoch, and as people say it. */
function startOf(text: string): { time: number; words: string } {
  const [, count, unit] = /^(\d{1,5}) ?(h|d|w|hours?|days?|weeks?)$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    const letter = unit.charAt(0) as keyof typeof units;
    const { word, seconds } = units[letter];
    return { time: epochSeconds() - Number(count) * seconds, words: `in the last ${countNoun(Number(count), word)}` };
  }
  // Without a zone a date alone would be one in UTC.
  const at = Date.parse(text.includes('T') ? text : `${text}T00:00`);
  if (/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(text) && at > 0)
    return { time: Math.floor(at / 1000), words: `since ${text.replace('T', ' ')}` };
  throw new CtmgrError('usage', `--since ${quote(text)} is no time`, {
    why: 'It is a number of hours, days or weeks, or a date, perhaps with a time.',
    hint: '--since=12h, --since=30d, --since=2026-11-22 or --since=2026-11-22T08:00',
  });
}
