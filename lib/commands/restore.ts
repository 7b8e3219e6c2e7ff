import { resolve } from 'node:path';

import { restoreSite } from '../service/restore-site.ts';
import { formatTime } from '../util/clock.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr restore FILE`: the database and the build contexts of a backup. */
export async function run(argv: { file: string; replace: boolean }, context: Context): Promise<Answer> {
  const { config, paths, caller } = context;
  const file = resolve(argv.file);
  const restored = await restoreSite(config, paths, { file, replace: argv.replace, actor: caller.name });
  const { created, host, aside, contexts } = restored;
  const lines = [
    `Restored the database of ${formatTime(created)} on ${host}; build contexts that were missing here: ${contexts}.`,
    ...(aside === null ? [] : [`The database that was here is ${aside} now.`]),
    'Next: ctmgr poll, which takes what was built since; then ctmgr fsck, which shows what the backup does not know',
  ];
  return { kind: 'record', record: { file, ...restored }, text: `${lines.join('\n')}\n` };
}
