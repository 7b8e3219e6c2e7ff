import type { JobRecord } from '../slurm/used-containers.ts';
import { type Mention, mentionsOf } from './image-mentions.ts';
import { type Meaning, meantAt } from './name-meaning.ts';

/** That a job, or one step of it alone, ran or is to run in an image. */
export interface ImageUse {
  /** `12`, or `12.0` for a step that used another image than its job. */
  job: string;
  record: JobRecord;
  /** What the user wrote. */
  asked: string;
  name: string;
  /** The build that this was; undefined where nobody can tell. */
  tag: string | undefined;
  sha256: string | undefined;
}

/** What is known of one name. */
export interface KnownName {
  meanings: readonly Meaning[];
  builds: readonly { tag: string; sha256: string | null }[];
}

/**
 * Who used which images, in the order of `records`. A job is named once for each image; its steps are named only for images that
 * the job itself did not name, since a step without a container of its own has that of its job. Pure.
 */
export function usesOf(
  records: readonly JobRecord[],
  shares: readonly string[],
  known: (name: string) => KnownName | undefined,
): ImageUse[] {
  const uses: ImageUse[] = [];
  const ofJob = new Map<string, Set<string>>();
  for (const record of records) {
    const id = `${record.job} ${record.user}`;
    const named = ofJob.get(id) ?? new Set();
    if (record.step === undefined) ofJob.set(id, named);
    for (const mention of mentionsOf(record, shares)) {
      // A name that the job has too means the job's image, however late the step comes.
      if (named.has(`asked ${mention.text}`)) continue;
      const use = resolve(record, mention, known(mention.name));
      const image = `${use.name} ${use.tag ?? use.asked}`;
      if (named.has(image)) continue;
      if (record.step === undefined) named.add(image).add(`asked ${mention.text}`);
      uses.push(use);
    }
  }
  return uses;
}

function resolve(record: JobRecord, mention: Mention, known: KnownName | undefined): ImageUse {
  const { name, text: asked } = mention;
  const job = record.step === undefined ? record.job : `${record.job}.${record.step}`;
  const time = record.submitted ?? record.started;
  const builds = known?.builds ?? [];
  const tag =
    mention.sha256 === undefined
      ? (mention.tag ?? (time === undefined ? undefined : meantAt(known?.meanings ?? [], time)))
      : builds.find(({ sha256 }) => sha256 === mention.sha256)?.tag;
  const sha256 = mention.sha256 ?? builds.find((build) => build.tag === tag)?.sha256 ?? undefined;
  return { job, record, asked, name, tag, sha256 };
}
