import { mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { basesFolder } from '../definitions/base-source.ts';
import { type OwnBase, ownBasesOfInstance } from '../store/instance-bases.ts';
import type { Store } from '../store/open.ts';

/** Puts links to the images of ours that an instance starts from into its task, where its definition names them; returns those. */
export async function linkBases(db: Store, instanceId: number, task: string): Promise<OwnBase[]> {
  const bases = await ownBasesOfInstance(db, instanceId);
  if (bases.length === 0) return [];
  const folder = join(task, basename(basesFolder));
  await mkdir(folder, { mode: 0o750 });
  for (const { name, file } of bases) if (file !== null) await symlink(file, join(folder, `${name}.sif`));
  return bases;
}
