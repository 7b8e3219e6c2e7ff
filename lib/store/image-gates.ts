import { type Selectable, sql, type Updateable } from 'kysely';

import type { GateState } from './benchmark-schema.ts';
import type { Store } from './open.ts';
import type { Database } from './schema.ts';

/** A gate in front of an image, with the names that a reader needs. */
export type ImageGate = Selectable<Database['image_gate']> & {
  name: string;
  tag: string;
  build_tag_id: number;
  recipe_id: number;
  file: string | null;
  sha256: string | null;
  /** Name of the benchmark run. */
  run: string | null;
};

/** Spelt out, because SQLite uses the partial index for no query with parameters (sqlite.org/partialindex.html). */
const isClosed = sql<boolean>`image_gate.state <> 'open'`;

/** Puts gates in front of a good image; call it inside the transaction that records the image as good. */
export async function insertImageGates(db: Store, instanceId: number, names: string[], now: number): Promise<void> {
  for (const gate of names) {
    await db
      .insertInto('image_gate')
      .values({ container_instance_id: instanceId, gate, state: 'waiting', changed_at: now })
      .execute();
  }
}

/** The gates that keep an image back, or have passed it and are about to open; the oldest image first. */
export async function closedGates(db: Store): Promise<ImageGate[]> {
  return gates(db).where(isClosed).execute();
}

/** Every gate in front of every image, or one of them, the newest image first. */
export async function listImageGates(db: Store, gate?: string): Promise<ImageGate[]> {
  const rows = await gates(db)
    .$if(gate !== undefined, (query) => query.where('image_gate.gate', '=', gate ?? ''))
    .execute();
  return rows.toReversed();
}

/** True while a gate keeps NAME from meaning this image. */
export async function isGated(db: Store, instanceId: number): Promise<boolean> {
  const row = await db
    .selectFrom('image_gate')
    .select('gate')
    .where('container_instance_id', '=', instanceId)
    .where(isClosed)
    .executeTakeFirst();
  return row !== undefined;
}

/** Changes a gate if it still has the state and message that the caller has read; false if another process was quicker. */
export async function changeGate(
  db: Store,
  gate: Pick<ImageGate, 'container_instance_id' | 'gate' | 'state' | 'message'>,
  change: Pick<Updateable<Database['image_gate']>, 'state' | 'benchmark_run_id' | 'message' | 'told' | 'changed_at'>,
): Promise<boolean> {
  const result = await db
    .updateTable('image_gate')
    .set(change)
    .where('container_instance_id', '=', gate.container_instance_id)
    .where('gate', '=', gate.gate)
    .where('state', '=', gate.state)
    .where('message', gate.message === null ? 'is' : '=', gate.message)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Of a tag the gates that keep an image back and say why: somebody has to do something. */
export async function stuckGates(db: Store, tagId: number): Promise<ImageGate[]> {
  return stuck(db).where('container_instance.build_tag_id', '=', tagId).execute();
}

/**
 * For tags whose end has been seen: lets the notice go out again (or for the first time) if a gate has got stuck since.
 * Call it inside a transaction.
 */
export async function renewNotices(db: Store, channels: ('exec' | 'mail')[], now: number): Promise<void> {
  const untold = await stuck(db)
    .where('image_gate.told', '=', 0)
    .where('container_instance.build_tag_id', 'in', (eb) => eb.selectFrom('tag_end').select('build_tag_id'))
    .execute();
  const again = { state: 'waiting' as const, attempts: 0, sender: null, next_at: now };
  for (const tagId of new Set(untold.map(({ build_tag_id }) => build_tag_id))) {
    for (const channel of channels) {
      await db
        .insertInto('tag_notice')
        .values({ build_tag_id: tagId, channel, ...again })
        .onConflict((conflict) => conflict.columns(['build_tag_id', 'channel']).doUpdateSet(again))
        .execute();
    }
  }
  for (const { container_instance_id, gate } of untold) {
    await db
      .updateTable('image_gate')
      .set({ told: 1 })
      .where('container_instance_id', '=', container_instance_id)
      .where('gate', '=', gate)
      .execute();
  }
}

function stuck(db: Store) {
  const states: GateState[] = ['waiting', 'running', 'held'];
  return gates(db).where('image_gate.state', 'in', states).where('image_gate.message', 'is not', null);
}

function gates(db: Store) {
  return db
    .selectFrom('image_gate')
    .innerJoin('container_instance', 'container_instance.id', 'image_gate.container_instance_id')
    .innerJoin('recipe_content', 'recipe_content.id', 'container_instance.recipe_content_id')
    .innerJoin('recipe', 'recipe.id', 'recipe_content.recipe_id')
    .innerJoin('build_tag', 'build_tag.id', 'container_instance.build_tag_id')
    .leftJoin('benchmark_run', 'benchmark_run.id', 'image_gate.benchmark_run_id')
    .selectAll('image_gate')
    .select(['recipe.name', 'recipe_content.recipe_id', 'build_tag.name as tag', 'container_instance.build_tag_id'])
    .select(['container_instance.file', 'container_instance.sha256', 'benchmark_run.name as run'])
    .orderBy('image_gate.container_instance_id')
    .orderBy('image_gate.gate');
}
