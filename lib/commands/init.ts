import { writeCatalogue } from '../builds/write-catalogue.ts';
import { loadConfig } from '../config/load-config.ts';
import { pathsOf } from '../config/paths.ts';
import { type FirstSettings, writeFirstConfig } from '../config/first-config.ts';
import type { Config } from '../config/schema.ts';
import { createStore, makeSiteFolders, refuseUnmountedShare } from '../service/set-up-site.ts';
import { openStore } from '../store/open.ts';
import { CtmgrError } from '../util/errors.ts';
import type { Answer, Context } from './context.ts';

interface Arguments {
  share?: string;
  state?: string;
  'build-user'?: string;
  'admin-group'?: string;
  partition?: string;
}

/** `ctmgr init`: configuration, folders, database. Does only what is still missing, so it can be called again. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  const done: string[] = [];
  const wanted: FirstSettings = {
    share: argv.share,
    state: argv.state,
    buildUser: argv['build-user'],
    adminGroup: argv['admin-group'],
    partition: argv.partition,
  };
  if (context.loaded.exists) refuseDifferent(wanted, context.config, context.loaded.path);
  else done.push(await writeFirstConfig(context.loaded.path, wanted));
  const { config } = loadConfig(context.loaded.path);
  const paths = pathsOf(config);
  refuseUnmountedShare(paths);
  done.push(...(await makeSiteFolders(config, paths)));
  done.push(...(await createStore(config, paths)));
  const store = await openStore(paths.database);
  try {
    await writeCatalogue(store, paths);
  } finally {
    await store.destroy();
  }
  const lines = done.length === 0 ? ['Everything is there already.'] : done.map((line) => `Made ${line}`);
  const next = 'Next: ctmgr import DOCKERFILE --name NAME';
  return {
    kind: 'record',
    record: { config: context.loaded.path, made: done },
    text: `${[...lines, next].join('\n')}\n`,
  };
}

/** The options are for a first configuration; an existing file is the admin's and is never rewritten. */
function refuseDifferent(wanted: FirstSettings, config: Config, path: string): void {
  const pairs: [string | undefined, string | undefined, string][] = [
    [wanted.share, config.paths.share, 'paths.share'],
    [wanted.state, config.paths.state, 'paths.state'],
    [wanted.buildUser, config.build.user, 'build.user'],
    [wanted.adminGroup, config.rights.admin_groups[0], 'rights.admin_groups'],
    [wanted.partition, config.classes['default']?.partition ?? 'build', 'classes.default.partition'],
  ];
  const different = pairs.filter(([want, have]) => want !== undefined && want !== have).map(([, , key]) => key);
  if (different.length === 0) return;
  throw new CtmgrError('usage', `${path} exists and says otherwise for ${different.join(', ')}`, {
    hint: `change it in ${path}, then: ctmgr init`,
  });
}
