import { insertEvent } from '../../../lib/store/events.ts';
import { connect } from '../../../lib/store/open.ts';

/** A process of its own for the tests: `count-up.ts DATABASE TIMES` reads the newest event and adds one that counts on. */
const [, , path = '', times = '0'] = process.argv;
const store = connect(path, false);
for (let i = 0; i < Number(times); i += 1) {
  await store.transaction().execute(async (db) => {
    const last = await db.selectFrom('event').select('subject').orderBy('id', 'desc').limit(1).executeTakeFirst();
    const subject = String(Number(last?.subject ?? 0) + 1);
    await insertEvent(db, { actor: String(process.pid), kind: 'test.count', subject }, 0);
  });
}
await store.destroy();
