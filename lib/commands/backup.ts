import { resolve } from 'node:path';

import { backUpSite } from '../service/backup-site.ts';
import { countNoun } from '../util/count-noun.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr backup FILE`: database and build contexts in one file, while everything runs. */
export async function run(argv: { file: string }, context: Context): Promise<Answer> {
  // Opening it refuses a database that is not there, or that the caller may not read.
  await context.store();
  const file = resolve(argv.file);
  const { contexts } = await backUpSite(context.paths, file);
  const what = `the database and ${countNoun(contexts, 'build context')}`;
  return {
    kind: 'record',
    record: { file, contexts },
    text: `Wrote ${file}: ${what}. Images and config.toml are not in it.\n`,
  };
}
