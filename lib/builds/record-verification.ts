import { randomBytes } from 'node:crypto';

import { type ImportRequest, storeVersion } from '../definitions/import-recipe.ts';
import type { Material } from '../definitions/read-material.ts';
import type { RenderedRecipe } from '../definitions/render-recipe.ts';
import { renderVersion } from '../definitions/render-version.ts';
import { resourceClass } from '../config/resource-class.ts';
import type { Config } from '../config/schema.ts';
import { insertEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';
import { insertVerification, nextVerificationName, type Verification } from '../store/verifications.ts';
import { epochSeconds, formatTime } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';

/** Takes a trial back; never leaves this file. */
class Undo extends Error {
  readonly rendered: RenderedRecipe;

  constructor(rendered: RenderedRecipe) {
    super('the trial is taken back');
    this.rendered = rendered;
  }
}

/**
 * What would be built of a Dockerfile if it were imported now: the version is stored and rendered as any other, with base
 * image and overlays, and the transaction is rolled back.
 */
export async function renderTrial(
  store: Store,
  request: ImportRequest,
  material: Material,
  config: Config,
  by: string,
): Promise<RenderedRecipe> {
  try {
    await store.transaction().execute(async (db) => {
      const { name, version } = await storeVersion(db, request, material, by);
      throw new Undo(await renderVersion(db, name, version, config));
    });
  } catch (error) {
    if (error instanceof Undo) return error.rendered;
    throw error;
  }
  throw new Error('a trial was not taken back');
}

/** Writes down what is to be verified; the poller submits it, see `pollVerifications`. */
export async function recordVerification(
  store: Store,
  rendered: RenderedRecipe,
  config: Config,
  by: string,
): Promise<Verification> {
  const { source, plan, manifest, overlays, definition } = rendered;
  if (source.content.kind === 'image') {
    throw new CtmgrError('usage', `${source.recipe.name} is a ready image: there is nothing to build`, {
      why: 'it is checked whenever it is published',
      hint: `ctmgr rebuild ${source.recipe.name}`,
    });
  }
  const className = source.recipe.class ?? config.build.class;
  resourceClass(config, className);
  return store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const name = await nextVerificationName(db, formatTime(now).slice(0, 10));
    const row = await insertVerification(db, {
      name,
      subject: source.recipe.name,
      created_at: now,
      created_by: by,
      class: className,
      platform: source.content.platform,
      group: source.recipe.group,
      definition,
      plan: JSON.stringify(plan),
      context_manifest: JSON.stringify(manifest),
      overlays: JSON.stringify(overlays.map((overlay) => `${overlay.name}:${overlay.version}`)),
      marker: `ctmgr-${name}-${randomBytes(10).toString('hex')}`,
      status: 'pending',
    });
    await insertEvent(
      db,
      { actor: by, kind: 'verification.start', subject: name, detail: { recipe: row.subject } },
      now,
    );
    return row;
  });
}
