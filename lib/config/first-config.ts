import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'smol-toml';

import { CtmgrError, errorText } from '../util/errors.ts';
import { writeFileAtomic } from '../util/write-file.ts';

/** What `ctmgr init` can be told; undefined means the default. */
export interface FirstSettings {
  share: string | undefined;
  state: string | undefined;
  buildUser: string | undefined;
  adminGroup: string | undefined;
  partition: string | undefined;
}

const header = `# Configuration of ctmgr. \`ctmgr config\` lists every key with its effective value.
# Copy this file to all login and compute nodes: the plugin and the wrapper read it there.

`;

/**
 * Writes a first config.toml, readable by all; returns its path. It replaces what is there: check before. Throws CtmgrError
 * `cannotCreate`.
 */
export async function writeFirstConfig(path: string, settings: FirstSettings): Promise<string> {
  const text = stringify({
    paths: { state: settings.state ?? '/var/lib/ctmgr', share: settings.share ?? '/srv/ctmgr' },
    rights: { admin_groups: settings.adminGroup === undefined ? [] : [settings.adminGroup] },
    build: { user: settings.buildUser ?? 'ctmgr' },
    classes: { default: { partition: settings.partition ?? 'build' } },
  });
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, `${header}${text}`, 0o644);
  } catch (error) {
    throw new CtmgrError('cannotCreate', `cannot write the configuration ${path}`, {
      why: errorText(error),
      hint: 'ctmgr init, as root',
      cause: error,
    });
  }
  return path;
}
