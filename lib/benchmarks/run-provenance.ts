import type { BenchmarkRun } from '../store/benchmark-runs.ts';
import { listBuilds } from '../store/catalogue-rows.ts';
import { basesOfInstance } from '../store/instance-bases.ts';
import type { Store } from '../store/open.ts';
import { lastSelfRun, type SelfRun } from './last-self-run.ts';

/** Where a run came from, beyond what its numbers need: names and values as people read them. */
export interface RunProvenance {
  facts: [name: string, value: string][];
  /** The benchmark's own script. */
  script: string;
  lastSelf: SelfRun | undefined;
}

/** From the database alone. What the store no longer knows of the image is said to be unknown. */
export async function loadRunProvenance(db: Store, run: BenchmarkRun): Promise<RunProvenance> {
  return {
    facts: [
      ...(run.aa === 1 ? [] : await imageFacts(db, run)),
      ...jsonFacts('parameter', run.parameters),
      ...jsonFacts('setting', run.settings),
      ['jobs of', run.job_user],
      ['outputs', run.folder],
    ],
    script: run.run_script,
    lastSelf: await lastSelfRun(db, run),
  };
}

async function imageFacts(db: Store, run: BenchmarkRun): Promise<[string, string][]> {
  const builds = await listBuilds(db, { name: run.image_name });
  const build = builds.find(({ tag, sha256 }) => tag === run.image_tag && sha256 === run.image_sha256);
  const file: [string, string][] = [['image file', run.image_file]];
  if (build === undefined) return [...file, ['recipe', 'unknown: the store has no build of this image and digest']];
  const bases = await basesOfInstance(db, build.id);
  const overlays = JSON.parse(build.overlays) as string[];
  return [
    ...file,
    ['recipe', `${run.image_name}, version ${build.version}`],
    ['overlays', overlays.join(', ') || 'none'],
    ...bases.map(({ reference, digest }): [string, string] => [
      'base image',
      digest === null ? reference : `${reference} (${digest})`,
    ]),
  ];
}

/** A JSON object as facts, without what is empty. */
function jsonFacts(kind: string, text: string): [string, string][] {
  return Object.entries(JSON.parse(text) as Record<string, unknown>).flatMap(([name, value]) => {
    const written = typeof value === 'string' ? value : JSON.stringify(value);
    return ['', '{}', '[]', undefined].includes(written)
      ? []
      : [[`${kind} ${name}`, written ?? ''] as [string, string]];
  });
}
