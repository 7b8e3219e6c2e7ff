import { readdirSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeServiceLock } from '../../../lib/service/service-lock.ts';
import { connect } from '../../../lib/store/open.ts';

/**
 * A process of its own for the tests: `take-lock.ts DATABASE STATE N` tries to take the service's lock and says how that
 * went. It stays until N of its kind have said so (0: it does not wait), and never gives the lock back.
 */
const [, , database = '', state = '', expected = '0'] = process.argv;
const store = connect(database, false);
try {
  await takeServiceLock(store, state);
  process.stdout.write('taken\n');
} catch (error) {
  process.stdout.write(`refused: ${(error as Error).message}\n`);
}
await store.destroy();
const done = (): boolean => readdirSync(state).filter((name) => name.startsWith('done.')).length >= Number(expected);
const watcher = watch(state, () => done() && watcher.close());
writeFileSync(join(state, `done.${process.pid}`), '');
if (done()) watcher.close();
