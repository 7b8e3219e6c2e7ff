import { connect } from '../store/open.ts';
import { migrate } from '../store/migrate.ts';
import { existsSync } from 'node:fs';
import { CtmgrError } from '../util/errors.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr migrate`: the schema of an existing database becomes this program's. */
export async function run(_argv: object, { paths }: Context): Promise<Answer> {
  if (!existsSync(paths.database)) {
    throw new CtmgrError('configuration', `there is no database ${paths.database}`, { hint: 'ctmgr init' });
  }
  const store = connect(paths.database, false);
  try {
    const applied = await migrate(store);
    const text = applied.length === 0 ? 'The schema is up to date.\n' : `Applied ${applied.join(', ')}.\n`;
    return { kind: 'record', record: { applied }, text };
  } finally {
    await store.destroy();
  }
}
