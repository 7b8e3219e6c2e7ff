import { existsSync } from 'node:fs';

import type { Paths } from '../config/paths.ts';
import { unconfirmedArrays } from '../store/build-arrays.ts';
import { listBuildTags } from '../store/build-tags.ts';
import { type BuildRow, type BuildSelection, listBuilds, listVersions } from '../store/catalogue-rows.ts';
import { closedGates, type ImageGate } from '../store/image-gates.ts';
import type { Store } from '../store/open.ts';
import { listTagHolds } from '../store/tag-holds.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError, errorText } from '../util/errors.ts';
import { writeFileAtomic } from '../util/write-file.ts';
import { type Catalogue, type CatalogueImage, formatCatalogue } from './catalogue-format.ts';
import { checkShare } from './check-share.ts';
import { privateGroups } from './show-names.ts';
import { placeOf } from './tag-folders.ts';

/**
 * How many builds of each name the catalogue lists, besides the current one and those under way. What is older is in the
 * store, and found by its file: the catalogue is rewritten all the time and must not grow for ever.
 */
const listedBuilds = 10;

/**
 * Rewrites the published catalogues from the store: one for everybody, one for each group with images of its own. It
 * runs inside an immediate transaction, so that of two writers the later one also has the later data. Throws 69 if the
 * share is not there, 73 if it cannot be written.
 */
export async function writeCatalogue(store: Store, paths: Paths): Promise<void> {
  await checkShare(paths);
  await store.transaction().execute(async (db) => {
    const all = await collectCatalogue(db);
    // Also of groups that have nothing any more: their last catalogue must not stay.
    for (const group of [null, ...(await privateGroups(paths))]) {
      const { folder, catalogue } = placeOf(paths, group);
      if (!existsSync(folder)) continue;
      const mode = group === null ? 0o644 : 0o640;
      try {
        await writeFileAtomic(catalogue, formatCatalogue(visibleTo(all, group)), mode);
      } catch (error) {
        throw new CtmgrError('cannotCreate', `cannot write the catalogue ${catalogue}`, {
          why: errorText(error),
          hint: 'make the share writable, then: ctmgr poll',
          cause: error,
        });
      }
    }
  });
}

/** The catalogue as the store has it now, images of all groups together; a name or a tag alone with all its builds. */
export async function collectCatalogue(
  db: Store,
  selection: BuildSelection = { newest: listedBuilds },
): Promise<Catalogue> {
  const builds = await listBuilds(db, selection);
  const versions = await listVersions(db, 'name' in selection ? selection.name : undefined);
  const notes = new Map<string, string | null>((await listTagHolds(db)).map(({ tag }) => [tag, heldNote(tag)]));
  for (const { tag, message } of await unconfirmedArrays(db)) notes.set(tag, message ?? notes.get(tag) ?? null);
  const gates = Map.groupBy(await closedGates(db), (gate) => gate.container_instance_id);
  const tags = new Set(builds.map(({ tag }) => tag));
  return {
    schema: 1,
    generated: epochSeconds(),
    images: builds.map((build) => describe(build, gates.get(build.id) ?? [])),
    recipes: versions.map((row) => ({
      name: row.name,
      version: row.version,
      base: row.base,
      origin: row.origin,
      created: row.created_at,
      created_by: row.created_by,
      message: row.message,
      group: row.group,
      retired: row.retired_at,
    })),
    tags: (await listBuildTags(db))
      .filter(({ name }) => tags.has(name))
      .map((tag) => ({
        name: tag.name,
        created: tag.created_at,
        created_by: tag.created_by,
        note: notes.get(tag.name) ?? null,
      })),
  };
}

function heldNote(tag: string): string {
  return `held: names keep their meaning until \`ctmgr publish ${tag}\``;
}

/** What one group may see and not everybody; for null, what everybody may see. */
export function visibleTo(catalogue: Catalogue, group: string | null): Catalogue {
  const images = catalogue.images.filter((image) => image.group === group);
  const tags = new Set(images.map(({ tag }) => tag));
  return {
    ...catalogue,
    images,
    recipes: catalogue.recipes.filter((recipe) => recipe.group === group),
    tags: catalogue.tags.filter(({ name }) => tags.has(name)),
  };
}

/** Why NAME does not mean a good image (yet). */
function gateNote(gates: ImageGate[]): string | null {
  const notes = gates.map(({ gate, state, message, run }) => {
    const step = { waiting: 'not submitted yet', running: `${run} is not over`, held: 'not passed', passed: 'passed' };
    return `held by gate ${gate}: ${message ?? (state === 'open' ? 'open' : step[state])}`;
  });
  return notes.join('; ') || null;
}

function describe(build: BuildRow, gates: ImageGate[]): CatalogueImage {
  return {
    name: build.name,
    tag: build.tag,
    sha256: build.sha256,
    file: build.removed_at === null ? build.file : null,
    status: build.status,
    current: build.current === 1,
    version: build.version,
    base: build.base,
    overlays: JSON.parse(build.overlays) as string[],
    size: build.size,
    failure_kind: build.failure_kind,
    message: build.message,
    reason: build.reason ?? (build.current === 1 ? null : gateNote(gates)),
    node: build.node,
    job: build.job_id === null ? null : `${build.job_id}_${build.array_index}`,
    class: build.class,
    attempt: build.attempt,
    attempts: JSON.parse(build.attempts) as CatalogueImage['attempts'],
    started: build.started_at,
    ended: build.ended_at,
    changed: build.changed_at,
    group: build.group,
    pinned: build.pinned === 1,
    removed: build.removed_at,
    meant: JSON.parse(build.meant) as NonNullable<CatalogueImage['meant']>,
  };
}
