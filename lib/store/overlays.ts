import type { Store } from './open.ts';
import type { SelectorKind } from './schema.ts';

export interface Selector {
  kind: SelectorKind;
  /** Empty for `all`. */
  value: string;
}

/** One version of an overlay. */
export interface OverlayVersion {
  overlayId: number;
  contentId: number;
  name: string;
  position: number;
  version: number;
  selector: Selector;
  commands: string[];
  createdAt: number;
  createdBy: string;
  message: string | null;
}

export interface NewOverlayVersion {
  overlayId: number;
  version: number;
  selector: Selector;
  commands: string[];
  message: string | null;
}

/** The overlay of that name, also one that was removed. */
export async function findOverlay(db: Store, name: string): Promise<{ id: number; removed: boolean } | undefined> {
  const row = await db.selectFrom('overlay').selectAll().where('name', '=', name).executeTakeFirst();
  return row === undefined ? undefined : { id: row.id, removed: row.removed_at !== null };
}

/** Makes an overlay that comes after all others; one that was removed under this name comes back with its history. */
export async function insertOverlay(db: Store, name: string, now: number): Promise<number> {
  const last = await db
    .selectFrom('overlay')
    .select((eb) => eb.fn.max('position').as('position'))
    .executeTakeFirst();
  const position = (last?.position ?? 0) + 1;
  const { id } = await db
    .insertInto('overlay')
    .values({ name, position, removed_at: null, created_at: now })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ position, removed_at: null }))
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Adds a version; call it inside a transaction. Returns its id. */
export async function insertOverlayVersion(
  db: Store,
  overlay: NewOverlayVersion,
  by: string,
  now: number,
): Promise<number> {
  const { id } = await db
    .insertInto('overlay_content')
    .values({
      overlay_id: overlay.overlayId,
      version: overlay.version,
      selector_kind: overlay.selector.kind,
      selector_value: overlay.selector.value,
      created_at: now,
      created_by: by,
      message: overlay.message,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const tasks = overlay.commands.map((command, position) => ({ overlay_content_id: id, position, command }));
  // One by one: SQLite limits the variables of a statement, and nothing limits the steps.
  for (const task of tasks) await db.insertInto('overlay_task').values(task).execute();
  return id;
}

/** The newest version of every overlay that applies, in their order. */
export async function listOverlays(db: Store): Promise<OverlayVersion[]> {
  const versions = await overlayVersions(db, false);
  const newest = new Map<number, OverlayVersion>();
  for (const version of versions) newest.set(version.overlayId, version);
  return [...newest.values()].sort((a, b) => a.position - b.position || a.overlayId - b.overlayId);
}

/** All versions of one overlay, oldest first; removed or not. */
export async function overlayHistory(db: Store, name: string): Promise<OverlayVersion[]> {
  return (await overlayVersions(db, true)).filter((version) => version.name === name);
}

/** Takes an overlay out of later rebuilds; its versions stay. */
export async function removeOverlay(db: Store, id: number, now: number): Promise<void> {
  await db.updateTable('overlay').set({ removed_at: now }).where('id', '=', id).execute();
}

/** Sets when an overlay applies; lower positions come first. */
export async function setOverlayPosition(db: Store, id: number, position: number): Promise<void> {
  await db.updateTable('overlay').set({ position }).where('id', '=', id).execute();
}

async function overlayVersions(db: Store, withRemoved: boolean): Promise<OverlayVersion[]> {
  const rows = await db
    .selectFrom('overlay_content')
    .innerJoin('overlay', 'overlay.id', 'overlay_content.overlay_id')
    .selectAll('overlay_content')
    .select(['overlay.name', 'overlay.position'])
    .$if(!withRemoved, (query) => query.where('overlay.removed_at', 'is', null))
    .orderBy('overlay_content.version')
    .execute();
  const tasks = await db.selectFrom('overlay_task').selectAll().orderBy('position').execute();
  const commands = Map.groupBy(tasks, (task) => task.overlay_content_id);
  return rows.map((row) => ({
    overlayId: row.overlay_id,
    contentId: row.id,
    name: row.name,
    position: row.position,
    version: row.version,
    selector: { kind: row.selector_kind, value: row.selector_value },
    commands: (commands.get(row.id) ?? []).map((task) => task.command),
    createdAt: row.created_at,
    createdBy: row.created_by,
    message: row.message,
  }));
}

/** The overlays of one instance, in order. */
export async function overlaysOfInstance(db: Store, id: number): Promise<{ name: string; version: number }[]> {
  return db
    .selectFrom('instance_overlay')
    .innerJoin('overlay_content', 'overlay_content.id', 'instance_overlay.overlay_content_id')
    .innerJoin('overlay', 'overlay.id', 'overlay_content.overlay_id')
    .select(['overlay.name', 'overlay_content.version'])
    .where('instance_overlay.container_instance_id', '=', id)
    .orderBy('instance_overlay.position')
    .execute();
}

/** For every instance of an array that has overlays: `NAME:VERSION` of each, in order. */
export async function overlaysOfInstances(db: Store, arrayId: number): Promise<Map<number, string[]>> {
  const rows = await db
    .selectFrom('instance_overlay')
    .innerJoin('overlay_content', 'overlay_content.id', 'instance_overlay.overlay_content_id')
    .innerJoin('overlay', 'overlay.id', 'overlay_content.overlay_id')
    .innerJoin('container_instance', 'container_instance.id', 'instance_overlay.container_instance_id')
    .where('container_instance.build_array_id', '=', arrayId)
    .select(['instance_overlay.container_instance_id as id', 'overlay.name', 'overlay_content.version'])
    .orderBy('instance_overlay.container_instance_id')
    .orderBy('instance_overlay.position')
    .execute();
  const byInstance = new Map<number, string[]>();
  for (const { id, name, version } of rows) byInstance.set(id, [...(byInstance.get(id) ?? []), `${name}:${version}`]);
  return byInstance;
}
