import { existsSync } from 'node:fs';

import { writeCatalogue } from '../builds/write-catalogue.ts';
import { parseConfig } from '../config/load-config.ts';
import { type Paths, pathsOf } from '../config/paths.ts';
import { type FirstSettings, firstConfigText, writeFirstConfig } from '../config/first-config.ts';
import type { Config } from '../config/schema.ts';
import { createStore, makeSiteFolders, refuseUnmountedShare, requireOwners } from '../service/set-up-site.ts';
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
  const { path, exists } = context.loaded;
  if (exists) refuseDifferent(wanted, context.config, path);
  const text = firstConfigText(wanted);
  const config = exists ? context.config : readFirst(text, path);
  const paths = pathsOf(config);
  requireOwners(config);
  if (!exists) refuseLostConfig(path, paths);
  refuseUnmountedShare(paths);
  if (!exists) {
    await writeFirstConfig(path, text);
    done.push(path);
  }
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
    record: { config: path, made: done },
    text: `${[...lines, next].join('\n')}\n`,
  };
}

/** What is not valid is refused before it is written: with such a file no command works. */
function readFirst(text: string, path: string): Config {
  try {
    return parseConfig(text, path).config;
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    throw new CtmgrError('usage', 'a configuration with these values would not be valid', {
      ...(error.why === undefined ? {} : { why: error.why }),
      hint: 'ctmgr init --help',
    });
  }
}

/** A new configuration would give the database to other owners, and lock the admins of the lost one out. */
function refuseLostConfig(path: string, paths: Paths): void {
  if (!existsSync(paths.database)) return;
  throw new CtmgrError('configuration', `there is no configuration ${path}`, {
    why: `there is a database already, ${paths.database}, which belongs to one`,
    hint: `put ${path} back (other hosts have a copy of it), then: ctmgr init`,
  });
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
