import { migrate } from '../../../lib/store/migrate.ts';
import { connect } from '../../../lib/store/open.ts';

/** A process of its own for the tests: `migrate-store.ts DATABASE` prints the migrations that it had to do, as JSON. */
const store = connect(process.argv[2] ?? '', true);
process.stdout.write(JSON.stringify(await migrate(store)));
await store.destroy();
