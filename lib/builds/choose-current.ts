import {
  findCurrentImage,
  type GoodImage,
  goodImages,
  removeCurrentImage,
  setCurrentImage,
  setLinkBehind,
  setPinned,
} from '../store/current-images.ts';
import { insertEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';
import { findRecipe, type Recipe, setRetired } from '../store/recipes.ts';
import { insertReleaseException, releasesOfName } from '../store/tag-holds.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';

/** Who changes what a name means, and why. */
export interface Author {
  actor: string;
  message: string | null;
}

/** What a name means after a change. */
export interface NameMeaning {
  name: string;
  tag: string;
  /** What it meant before; null if nothing. */
  previous: string | null;
  pinned: boolean;
  /** The newest good build there is. */
  newest: string;
  /** Tags whose release was recorded before and is not complete: it leaves the name alone from now on. */
  left_out_of: string[];
}

/**
 * Makes NAME mean an earlier good build: that of `tag`, or the last one before the current one. A pin moves with the
 * name. Changes the store only; `showNames` does the rest. Throws 66 if there is no such build, and 75 if, without `tag`, the
 * release of one is about to move the name, so that nobody can tell which build is before which.
 */
export async function rollBack(
  store: Store,
  name: string,
  tag: string | undefined,
  author: Author,
): Promise<NameMeaning> {
  return store.transaction().execute(async (db) => {
    const recipe = await offeredRecipe(db, name);
    const current = await findCurrentImage(db, recipe.id);
    const images = await goodImages(db, recipe.id);
    if (tag === undefined && current?.pinnedAt === null) await refuseWhileReleased(db, recipe, current.buildTagId);
    const wanted = tag === undefined ? before(name, images, current) : ofTag(name, images, tag);
    return moveName(db, recipe, wanted, { kind: 'image.rollback', author, pin: 'as it is' });
  });
}

/** Pins NAME to the build of `tag`, or to what it means now: no later build takes it over. Throws 66 like `rollBack`. */
export async function pinName(
  store: Store,
  name: string,
  tag: string | undefined,
  author: Author,
): Promise<NameMeaning> {
  return store.transaction().execute(async (db) => {
    const recipe = await offeredRecipe(db, name);
    const current = await findCurrentImage(db, recipe.id);
    const wanted = tag ?? current?.tag;
    if (wanted === undefined) throw notPublished(name);
    const image = ofTag(name, await goodImages(db, recipe.id), wanted);
    return moveName(db, recipe, image, { kind: 'image.pin', author, pin: 'pinned' });
  });
}

/** Lets later builds take NAME over again; it keeps its meaning until then. */
export async function unpinName(store: Store, name: string, author: Author): Promise<NameMeaning> {
  return store.transaction().execute(async (db) => {
    const recipe = await offeredRecipe(db, name);
    const current = await findCurrentImage(db, recipe.id);
    if (current === undefined) throw notPublished(name);
    const image = ofTag(name, await goodImages(db, recipe.id), current.tag);
    return moveName(db, recipe, image, { kind: 'image.unpin', author, pin: 'free' });
  });
}

/**
 * Offers NAME no longer, and builds it no longer. Images and history stay, and so does what jobs have resolved already.
 * Importing the recipe again brings the name back. Returns what it meant, or null.
 */
export async function retireName(store: Store, name: string, author: Author): Promise<string | null> {
  return store.transaction().execute(async (db) => {
    const recipe = await offeredRecipe(db, name);
    const current = await findCurrentImage(db, recipe.id);
    const now = epochSeconds();
    const left_out_of = await leaveReleases(db, recipe);
    await setRetired(db, recipe.id, now);
    await removeCurrentImage(db, recipe.id, now);
    await setLinkBehind(db, recipe.id, true);
    const detail = { previous: current?.tag ?? null, left_out_of, message: author.message };
    await insertEvent(db, { actor: author.actor, kind: 'image.retire', subject: name, detail }, now);
    return current?.tag ?? null;
  });
}

interface Move {
  kind: 'image.rollback' | 'image.pin' | 'image.unpin';
  author: Author;
  pin: 'pinned' | 'free' | 'as it is';
}

async function moveName(db: Store, recipe: Recipe, image: GoodImage, move: Move): Promise<NameMeaning> {
  const { name } = recipe;
  const now = epochSeconds();
  const current = await findCurrentImage(db, recipe.id);
  const wasPinned = current !== undefined && current.pinnedAt !== null;
  const pinned = move.pin === 'as it is' ? wasPinned : move.pin === 'pinned';
  const moves = current?.instanceId !== image.instanceId;
  if (moves) {
    await setCurrentImage(db, recipe.id, image.instanceId, move.author.actor, now);
    await setLinkBehind(db, recipe.id, true);
  }
  if (pinned !== wasPinned) await setPinned(db, recipe.id, pinned ? now : null);
  const newest = (await goodImages(db, recipe.id))[0]?.tag ?? image.tag;
  const previous = current?.tag ?? null;
  // Who lets later builds take the name over means that of the release, too.
  const left_out_of = move.kind === 'image.unpin' ? [] : await leaveReleases(db, recipe, image);
  if (moves || pinned !== wasPinned || left_out_of.length > 0) {
    const detail = { tag: image.tag, previous, pinned, left_out_of, message: move.author.message };
    await insertEvent(db, { actor: move.author.actor, kind: move.kind, subject: name, detail }, now);
  }
  return { name, tag: image.tag, previous, pinned, newest, left_out_of };
}

/**
 * Takes a name out of releases that are recorded and not complete, but for that of the image it shall mean: the later word counts.
 * Its link may be changed already, where another name of the same release was in the way.
 */
async function leaveReleases(db: Store, recipe: Recipe, image?: GoodImage): Promise<string[]> {
  const releases = (await releasesOfName(db, recipe.id)).filter(
    ({ build_tag_id }) => build_tag_id !== image?.buildTagId,
  );
  for (const { build_tag_id } of releases) await insertReleaseException(db, build_tag_id, recipe.id);
  if (releases.length > 0) await setLinkBehind(db, recipe.id, true);
  return releases.map(({ tag }) => tag);
}

async function refuseWhileReleased(db: Store, { id, name }: Recipe, currentTagId: number): Promise<void> {
  const release = (await releasesOfName(db, id)).at(-1);
  if (release === undefined || release.build_tag_id < currentTagId) return;
  throw new CtmgrError('tryAgain', `${name} is about to mean ${release.tag}, so "the build before" is not clear`, {
    why: `${release.released_by} has published ${release.tag}, and that is not complete yet`,
    hint: `say which build is meant: ctmgr rollback ${name} TAG (ctmgr history ${name}); or first: ctmgr poll`,
  });
}

async function offeredRecipe(db: Store, name: string): Promise<Recipe> {
  const recipe = await findRecipe(db, name);
  if (recipe === undefined) {
    throw new CtmgrError('inputMissing', `there is no recipe ${name}`, { hint: 'ctmgr list --all' });
  }
  if (recipe.retired_at === null) return recipe;
  throw new CtmgrError('inputMissing', `${name} is retired`, {
    why: 'its name is not offered any more',
    hint: `import it again to bring the name back: ctmgr import ${recipe.dockerfile_location} --name ${name}`,
  });
}

function before(name: string, images: GoodImage[], current: { buildTagId: number } | undefined): GoodImage {
  // An image that a gate keeps back is had by its tag only.
  const earlier = images.find(
    ({ buildTagId, gated }) => current !== undefined && buildTagId < current.buildTagId && !gated,
  );
  if (earlier !== undefined) return earlier;
  throw new CtmgrError('inputMissing', `there is no earlier build of ${name} to go back to`, {
    why: current === undefined ? `${name} means nothing now` : 'none before the current one is on the share',
    hint: `ctmgr history ${name}; then: ctmgr rollback ${name} TAG`,
  });
}

function ofTag(name: string, images: GoodImage[], tag: string): GoodImage {
  const found = images.find((image) => image.tag === tag);
  if (found !== undefined) return found;
  throw new CtmgrError('inputMissing', `there is no image ${name}:${tag}`, {
    why: 'it was not built, its build failed, or its file was deleted',
    hint: `ctmgr history ${name}`,
  });
}

function notPublished(name: string): CtmgrError {
  return new CtmgrError('inputMissing', `${name} means nothing now`, {
    why: 'no image of it has been published',
    hint: `ctmgr history ${name}`,
  });
}
