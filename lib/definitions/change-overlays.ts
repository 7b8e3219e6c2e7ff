import { insertEvent } from '../store/events.ts';
import type { Store } from '../store/open.ts';
import {
  findOverlay,
  insertOverlay,
  insertOverlayVersion,
  listOverlays,
  overlayHistory,
  type OverlayVersion,
  removeOverlay,
  type Selector,
  setOverlayPosition,
} from '../store/overlays.ts';
import { epochSeconds } from '../util/clock.ts';
import { CtmgrError } from '../util/errors.ts';

export interface OverlayChange {
  name: string;
  /** Undefined keeps what the newest version has. */
  commands: string[] | undefined;
  selector: Selector | undefined;
  message: string | null;
}

/** Makes a new overlay that applies after all others; an existing name is refused. Returns its first version. */
export async function addOverlay(store: Store, change: Required<OverlayChange>, by: string): Promise<number> {
  return store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const existing = await findOverlay(db, change.name);
    if (existing !== undefined && !existing.removed) {
      throw new CtmgrError('usage', `there is an overlay ${change.name} already`, {
        hint: `ctmgr overlay edit ${change.name}`,
      });
    }
    const { commands, selector } = change;
    if (commands === undefined || selector === undefined) throw new Error('a new overlay has steps and a selector');
    const version = ((await overlayHistory(db, change.name)).at(-1)?.version ?? 0) + 1;
    const overlayId = await insertOverlay(db, change.name, now);
    await insertOverlayVersion(db, { overlayId, version, selector, commands, message: change.message }, by, now);
    await insertEvent(db, { actor: by, kind: 'overlay.add', subject: change.name, detail: { version } }, now);
    return version;
  });
}

/** Adds a version to an overlay. Returns its number, or undefined if nothing differs from the newest one. */
export async function editOverlay(store: Store, change: OverlayChange, by: string): Promise<number | undefined> {
  return store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const newest = await requireOverlay(db, change.name);
    const commands = change.commands ?? newest.commands;
    const selector = change.selector ?? newest.selector;
    if (JSON.stringify([commands, selector]) === JSON.stringify([newest.commands, newest.selector])) return undefined;
    const version = newest.version + 1;
    const { overlayId } = newest;
    await insertOverlayVersion(db, { overlayId, version, selector, commands, message: change.message }, by, now);
    await insertEvent(db, { actor: by, kind: 'overlay.edit', subject: change.name, detail: { version } }, now);
    return version;
  });
}

/** Stops applying an overlay; what was built with it still refers to its versions. */
export async function dropOverlay(store: Store, name: string, by: string): Promise<void> {
  await store.transaction().execute(async (db) => {
    const now = epochSeconds();
    const { overlayId } = await requireOverlay(db, name);
    await removeOverlay(db, overlayId, now);
    await insertEvent(db, { actor: by, kind: 'overlay.remove', subject: name }, now);
  });
}

/** Sets the order; `names` has to name every overlay exactly once. */
export async function orderOverlays(store: Store, names: string[], by: string): Promise<void> {
  await store.transaction().execute(async (db) => {
    const overlays = new Map((await listOverlays(db)).map((overlay) => [overlay.name, overlay]));
    const missing = [...overlays.keys()].filter((name) => !names.includes(name));
    const unknown = names.filter((name, i) => !overlays.has(name) || names.indexOf(name) !== i);
    if (missing.length > 0 || unknown.length > 0) {
      const parts = [
        ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
        ...(unknown.length > 0 ? [`unknown or doubled: ${unknown.join(', ')}`] : []),
      ];
      throw new CtmgrError('usage', 'the order has to name every overlay once', {
        why: parts.join('; '),
        hint: 'ctmgr overlay list',
      });
    }
    for (const [i, name] of names.entries()) {
      const overlay = overlays.get(name);
      if (overlay !== undefined) await setOverlayPosition(db, overlay.overlayId, i + 1);
    }
    await insertEvent(db, { actor: by, kind: 'overlay.order', subject: names.join(' ') }, epochSeconds());
  });
}

/** The newest version of an overlay that applies; otherwise an error (66). */
export async function requireOverlay(db: Store, name: string): Promise<OverlayVersion> {
  const overlay = (await listOverlays(db)).find((candidate) => candidate.name === name);
  if (overlay !== undefined) return overlay;
  throw new CtmgrError('inputMissing', `there is no overlay ${name}`, { hint: 'ctmgr overlay list' });
}
