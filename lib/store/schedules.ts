import type { Selectable } from 'kysely';

import type { Store } from './open.ts';
import type { Database, ScheduleResult } from './schema.ts';

/** A schedule's state, with the name of the tag that it started last. */
export type ScheduleState = Selectable<Database['schedule']> & { last_tag: string | null };

/** How a run of a schedule went. */
export interface ScheduleRun {
  at: number;
  result: ScheduleResult;
  message: string | null;
  tagId: number | null;
}

/** When a schedule is due and how it went; undefined if it has never been seen. */
export async function findScheduleState(db: Store, name: string): Promise<ScheduleState | undefined> {
  return states(db).where('schedule.name', '=', name).executeTakeFirst();
}

/** The states of all schedules there ever were. */
export async function listScheduleStates(db: Store): Promise<ScheduleState[]> {
  return states(db).execute();
}

/** Sets when a schedule is due next, and by which expression that was computed; what ran before is kept. */
export async function setScheduleDue(
  db: Store,
  schedule: { name: string; cron: string; timeZone: string },
  dueAt: number,
): Promise<void> {
  const values = { cron: schedule.cron, time_zone: schedule.timeZone, due_at: dueAt };
  await db
    .insertInto('schedule')
    .values({ name: schedule.name, ...values })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
    .execute();
}

/** Makes `runner` the process that runs a schedule now, provided that it still belongs to `previous`. */
export async function claimSchedule(
  db: Store,
  name: string,
  previous: string | null,
  runner: string,
): Promise<boolean> {
  const result = await db
    .updateTable('schedule')
    .set({ runner })
    .where('name', '=', name)
    .where('runner', previous === null ? 'is' : '=', previous)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Writes down how a run went and lets go of the schedule. The tag of a run before stays if this one made none. */
export async function recordScheduleRun(db: Store, name: string, run: ScheduleRun): Promise<void> {
  await db
    .updateTable('schedule')
    .set({
      runner: null,
      last_at: run.at,
      last_result: run.result,
      last_message: run.message,
      ...(run.tagId === null ? {} : { last_tag_id: run.tagId }),
    })
    .where('name', '=', name)
    .execute();
}

function states(db: Store) {
  return db
    .selectFrom('schedule')
    .leftJoin('build_tag', 'build_tag.id', 'schedule.last_tag_id')
    .selectAll('schedule')
    .select('build_tag.name as last_tag')
    .orderBy('schedule.name');
}
