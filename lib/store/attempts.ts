import type { Selectable } from 'kysely';

import type { Store } from './open.ts';
import type { Database } from './schema.ts';

/** An attempt to build an instance that was followed by another one. */
export type Attempt = Selectable<Database['instance_attempt']>;

/** Writes down how an attempt ended, for ever; call it inside the transaction that begins the next one. */
export async function insertAttempt(db: Store, attempt: Attempt): Promise<void> {
  await db.insertInto('instance_attempt').values(attempt).execute();
}

/** The earlier attempts of an instance, oldest first; none if its first one is still the present one. */
export async function attemptsOf(db: Store, instanceId: number): Promise<Attempt[]> {
  return db
    .selectFrom('instance_attempt')
    .selectAll()
    .where('container_instance_id', '=', instanceId)
    .orderBy('number')
    .execute();
}
