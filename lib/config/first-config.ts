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

/** Text of a first config.toml. */
export function firstConfigText(settings: FirstSettings): string {
  const text = stringify({
    paths: { state: settings.state ?? '/var/lib/ctmgr', share: settings.share ?? '/srv/ctmgr' },
    rights: { admin_groups: settings.adminGroup === undefined ? [] : [settings.adminGroup] },
    build: { user: settings.buildUser ?? 'ctmgr' },
    classes: { default: { partition: settings.partition ?? 'build' } },
  });
  return `${header}${text}`;
}

/** Writes it, readable by all. It replaces what is there: check before. Throws CtmgrError `cannotCreate`. */
export async function writeFirstConfig(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, text, 0o644);
  } catch (error) {
    throw new CtmgrError('cannotCreate', `cannot write the configuration ${path}`, {
      why: errorText(error),
      hint: 'ctmgr init, as root',
      cause: error,
    });
  }
}
