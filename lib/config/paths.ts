import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Config } from './schema.ts';

/** Where everything of one installation lies (the README's table of the disk layout). */
export interface Paths {
  state: string;
  database: string;
  contexts: string;
  share: string;
  builds: string;
  logs: string;
  tasks: string;
  results: string;
  current: string;
  /** One folder for each group that has images of its own. */
  private: string;
  /** A file in the share's root: without it, what is there is not the share. */
  marker: string;
  catalogue: string;
  /** Outputs of benchmarks, one folder a run. */
  bench: string;
}

/** All places of a site; they follow from its two folders, `paths.state` and `paths.share`. */
export function pathsOf(config: Config): Paths {
  const { state, share } = config.paths;
  return {
    state,
    database: join(state, 'ctmgr.db'),
    contexts: join(state, 'contexts'),
    share,
    builds: join(share, 'builds'),
    logs: join(share, 'logs'),
    tasks: join(share, 'tasks'),
    results: join(share, 'results'),
    current: join(share, 'current'),
    private: join(share, 'private'),
    marker: join(share, 'ctmgr-share'),
    catalogue: join(share, 'catalog.json'),
    bench: join(share, 'bench'),
  };
}

/** The folder of this program's package.json: the same from the sources and from the bundle. */
export function packageRoot(start: string = import.meta.dirname): string {
  let folder = start;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${start}`);
    folder = parent;
  }
  return folder;
}

/** A template file: the site's own if it has one, else the one that ctmgr brings. */
export function templatePath(kind: 'recipe-templates' | 'sbatch-templates', file: string, config: Config): string {
  const siteFolder = kind === 'recipe-templates' ? config.paths.recipe_templates : config.paths.sbatch_templates;
  const site = join(siteFolder, file);
  return existsSync(site) ? site : join(packageRoot(), kind, file);
}
