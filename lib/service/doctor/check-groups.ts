import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { placeOf } from '../../builds/tag-folders.ts';
import type { Paths } from '../../config/paths.ts';
import type { OfferedImage } from '../../store/offered-images.ts';
import { findGroup } from '../../util/accounts.ts';
import { errorText, isSystemError } from '../../util/errors.ts';
import { shellQuote } from '../../util/shell-quote.ts';
import { type Finding, findingsOf } from './finding.ts';

/** What has to be open to a group: to enter and list a folder, or to read a file. */
const enter = 0o050;
const read = 0o040;

/** Whether the groups of private images exist, and whether their members can read what is theirs. */
export async function checkGroups(paths: Paths, images: OfferedImage[]): Promise<Finding[]> {
  const byGroup = Map.groupBy(
    images.filter(({ group }) => group !== null),
    ({ group }) => group as string,
  );
  const all = [...byGroup].sort(([a], [b]) => (a < b ? -1 : 1));
  return (await Promise.all(all.map(([group, own]) => checkGroup(paths, group, own)))).flat();
}

async function checkGroup(paths: Paths, group: string, images: OfferedImage[]): Promise<Finding[]> {
  const found = findingsOf('group', group);
  const gid = findGroup(group)?.gid;
  if (gid === undefined) {
    const names = images.map(({ name }) => name).join(', ');
    const fix = `groupadd ${group}, or import them again with another --group`;
    return [found.problem(`does not exist, so nobody may read its images (${names})`, fix)];
  }
  const files = images.flatMap(({ file }) => file ?? []);
  if (files.length === 0) return [found.ok('exists; nothing has been published for it')];
  const { folder, builds, current, catalogue } = placeOf(paths, group);
  const folders = [folder, builds, current, ...new Set(files.map((file) => dirname(file)))];
  const wanted = [
    ...folders.map((path) => ({ path, bits: enter })),
    ...[catalogue, ...files].map((path) => ({ path, bits: read })),
  ];
  const problems: Finding[] = [];
  for (const { path, bits } of wanted) {
    try {
      const stats = await lstat(path);
      if (stats.gid === gid && (stats.mode & bits) === bits) continue;
      const what = stats.gid === gid ? `mode ${(stats.mode & 0o7777).toString(8)}` : `group id ${stats.gid}`;
      const mode = bits === enter ? 'g+rxs' : 'g+r';
      const [name, place] = [shellQuote(group), shellQuote(path)];
      problems.push(
        found.problem(`its members cannot read ${path} (${what})`, `chgrp ${name} ${place} && chmod ${mode} ${place}`),
      );
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) problems.push(found.problem(`${path} is not there`, 'ctmgr fsck'));
      else if (isSystemError(error)) return [...problems, found.unknown(errorText(error), 'sudo ctmgr doctor')];
      else throw error;
    }
  }
  return problems.length > 0 ? problems : [found.ok('exists, and its members can read its images')];
}
