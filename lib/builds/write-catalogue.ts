import type { Paths } from '../config/paths.ts';
import { listBuildTags } from '../store/build-tags.ts';
import { listVersions } from '../store/catalogue-rows.ts';
import { unconfirmedArrays } from '../store/build-arrays.ts';
import { listCurrentImages } from '../store/current-images.ts';
import { allAttempts, type Attempt } from '../store/attempts.ts';
import { allInstances, type Instance } from '../store/instances.ts';
import type { Store } from '../store/open.ts';
import { overlaysOfInstances } from '../store/overlays.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError, errorText } from '../util/errors.ts';
import { writeFileAtomic } from '../util/write-file.ts';
import { type Catalogue, type CatalogueImage, formatCatalogue } from './catalogue-format.ts';

/**
 * Rewrites the published catalogue from the store. It runs inside an immediate transaction, so that of two writers the
 * later one also has the later data. Throws if the share cannot be written (73).
 */
export async function writeCatalogue(store: Store, paths: Paths): Promise<void> {
  await store.transaction().execute(async (db) => {
    const text = formatCatalogue(await collectCatalogue(db));
    try {
      await writeFileAtomic(paths.catalogue, text, 0o644);
    } catch (error) {
      throw new CtmgrError('cannotCreate', `cannot write the catalogue ${paths.catalogue}`, {
        why: errorText(error),
        hint: 'make the share writable, then: ctmgr poll',
        cause: error,
      });
    }
  });
}

/** The catalogue as the store has it now. */
export async function collectCatalogue(db: Store): Promise<Catalogue> {
  const instances = await allInstances(db);
  const current = new Set((await listCurrentImages(db)).map(({ instanceId }) => instanceId));
  const versions = await listVersions(db);
  const bases = new Map(versions.map((row) => [`${row.name}:${row.version}`, row.base]));
  const overlays = await overlaysOfInstances(db);
  const attempts = Map.groupBy(await allAttempts(db), ({ container_instance_id }) => container_instance_id);
  const doubts = new Map((await unconfirmedArrays(db)).map((array) => [array.tag, array.message]));
  return {
    schema: 1,
    generated: epochSeconds(),
    images: instances.map((instance) =>
      describe(instance, {
        current: current.has(instance.id),
        base: bases.get(`${instance.name}:${instance.version}`) ?? '',
        overlays: overlays.get(instance.id) ?? [],
        attempts: (attempts.get(instance.id) ?? []).map(describeAttempt),
      }),
    ),
    recipes: versions.map((row) => ({
      name: row.name,
      version: row.version,
      base: row.base,
      created: row.created_at,
      created_by: row.created_by,
      message: row.message,
    })),
    tags: (await listBuildTags(db)).map((tag) => ({
      name: tag.name,
      created: tag.created_at,
      created_by: tag.created_by,
      note: doubts.get(tag.name) ?? null,
    })),
  };
}

function describeAttempt(attempt: Attempt & { job_id: number | null }): CatalogueImage['attempts'][number] {
  const { number, status, failure_kind, message, node, job_id, array_index, started_at, ended_at } = attempt;
  const job = job_id === null ? null : `${job_id}_${array_index}`;
  return { number, status, failure_kind, message, node, job, started: started_at, ended: ended_at };
}

function describe(
  instance: Instance,
  more: Pick<CatalogueImage, 'current' | 'base' | 'overlays' | 'attempts'>,
): CatalogueImage {
  return {
    name: instance.name,
    tag: instance.tag,
    sha256: instance.sha256,
    file: instance.file,
    status: instance.status,
    current: more.current,
    version: instance.version,
    base: more.base,
    overlays: more.overlays,
    size: instance.size,
    failure_kind: instance.failure_kind,
    message: instance.message,
    reason: instance.reason,
    node: instance.node,
    job: instance.job_id === null ? null : `${instance.job_id}_${instance.array_index}`,
    class: instance.class,
    attempt: instance.attempt,
    attempts: more.attempts,
    started: instance.started_at,
    ended: instance.ended_at,
    changed: instance.changed_at,
  };
}
