import type { Selectable } from 'kysely';

import type { BuildTag } from './build-tags.ts';
import { unfinished } from './instances.ts';
import type { Store } from './open.ts';
import type { Database, InstanceStatus, NoticeChannel } from './schema.ts';

/** A message about the end of a tag, sent or to be sent. */
export type TagNotice = Selectable<Database['tag_notice']>;

/** Tags all of whose builds have ended and whose end nobody has seen yet, oldest first. */
export async function unseenEnds(db: Store): Promise<BuildTag[]> {
  return db
    .selectFrom('build_tag')
    .selectAll()
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('tag_end').select('build_tag_id').whereRef('build_tag_id', '=', 'build_tag.id'))),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('container_instance')
            .select('id')
            .whereRef('build_tag_id', '=', 'build_tag.id')
            .where('status', 'in', unfinished),
        ),
      ),
    )
    .orderBy('id')
    .execute();
}

/**
 * Writes down that a tag has ended, with a message to be sent through each channel; false if another process was quicker.
 * Call it inside a transaction.
 */
export async function recordTagEnd(db: Store, tagId: number, channels: NoticeChannel[], now: number): Promise<boolean> {
  const result = await db
    .insertInto('tag_end')
    .values({ build_tag_id: tagId, ended_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (result.numInsertedOrUpdatedRows !== 1n) return false;
  for (const channel of channels) {
    const first = { state: 'waiting' as const, attempts: 0, next_at: now };
    await db
      .insertInto('tag_notice')
      .values({ build_tag_id: tagId, channel, ...first })
      .execute();
  }
  return true;
}

/** Messages that may have to be sent now: those that wait, and those whose sender may have died. */
export async function openNotices(db: Store, now: number): Promise<TagNotice[]> {
  return db
    .selectFrom('tag_notice')
    .selectAll()
    .where('state', 'in', ['waiting', 'sending'])
    .where('next_at', '<=', now)
    .execute();
}

/** Makes `sender` the process that sends a message now; false if another one was quicker. */
export async function claimNotice(db: Store, notice: TagNotice, sender: string): Promise<boolean> {
  const result = await db
    .updateTable('tag_notice')
    .set({ state: 'sending', sender, attempts: notice.attempts + 1 })
    .where('build_tag_id', '=', notice.build_tag_id)
    .where('channel', '=', notice.channel)
    .where('state', '=', notice.state)
    .where('attempts', '=', notice.attempts)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Writes down what became of a message that the caller has claimed. */
export async function settleNotice(
  db: Store,
  notice: TagNotice,
  end: { state: 'sent' | 'waiting' | 'given-up'; nextAt: number; message: string | null },
): Promise<void> {
  await db
    .updateTable('tag_notice')
    .set({ state: end.state, sender: null, next_at: end.nextAt, message: end.message })
    .where('build_tag_id', '=', notice.build_tag_id)
    .where('channel', '=', notice.channel)
    // There may be more to tell meanwhile (`renewNotices`): then it goes out again.
    .where('attempts', '>', 0)
    .execute();
}

/** How a recipe's build before that of a tag ended, cancelled ones left aside; undefined if there was none. */
export async function buildBefore(
  db: Store,
  recipeId: number,
  tagId: number,
): Promise<{ tag: string; status: InstanceStatus } | undefined> {
  return db
    .selectFrom('container_instance as instance')
    .innerJoin('recipe_content', 'recipe_content.id', 'instance.recipe_content_id')
    .innerJoin('build_tag', 'build_tag.id', 'instance.build_tag_id')
    .select(['build_tag.name as tag', 'instance.status'])
    .where('recipe_content.recipe_id', '=', recipeId)
    .where('instance.build_tag_id', '<', tagId)
    .where('instance.status', 'in', ['success', 'failure', 'lost'])
    .orderBy('instance.build_tag_id', 'desc')
    .limit(1)
    .executeTakeFirst();
}
