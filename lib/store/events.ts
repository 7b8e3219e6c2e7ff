import type { Store } from './open.ts';

export interface NewEvent {
  actor: string;
  /** `NOUN.VERB`, such as `recipe.import`. */
  kind: string;
  /** What it happened to: a name, a tag, `NAME:TAG`. */
  subject: string;
  detail?: Record<string, unknown>;
}

/** Writes down what happened, for ever. */
export async function insertEvent(db: Store, event: NewEvent, now: number): Promise<void> {
  const { actor, kind, subject, detail } = event;
  await db
    .insertInto('event')
    .values({ at: now, actor, kind, subject, detail: JSON.stringify(detail ?? {}) })
    .execute();
}
