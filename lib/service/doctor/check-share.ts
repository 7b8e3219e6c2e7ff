import { constants, statfsSync } from 'node:fs';
import { access, lstat } from 'node:fs/promises';

import { checkShare as requireShare } from '../../builds/check-share.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/schema.ts';
import { findAccount } from '../../util/accounts.ts';
import { CtmgrError, errorText } from '../../util/errors.ts';
import { shareFolders } from '../site-folders.ts';
import { type Finding, findingsOf } from './finding.ts';

/** Less than this part of the share free is worth a warning. */
const littleSpace = 0.05;

/** That the share is not there, which an empty mount point would not show otherwise; undefined: it is. */
export async function missingShare(paths: Paths): Promise<Finding | undefined> {
  try {
    await requireShare(paths);
    return undefined;
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    return findingsOf('share', paths.share).problem(`is not there: ${error.why}`, error.hint ?? 'ctmgr init');
  }
}

/** The share as this host sees it: folders, owners, modes, space. */
export async function checkShare(config: Config, paths: Paths): Promise<Finding[]> {
  const findings: Finding[] = [];
  const builder = findAccount(config.build.user);
  for (const { path, mode } of shareFolders(paths)) {
    const found = findingsOf('share', path);
    try {
      const stats = await lstat(path);
      const actual = stats.mode & 0o7777;
      const fix = 'ctmgr init (as root), which sets owners and modes';
      if (!stats.isDirectory()) findings.push(found.problem('is no folder', 'move it away; then: ctmgr init'));
      else if (builder !== undefined && stats.uid !== builder.uid) {
        findings.push(found.problem(`belongs to user id ${stats.uid}, not to ${builder.name}`, fix));
      } else if ((actual & 0o022) !== 0) {
        findings.push(found.problem(`others may write it (mode ${actual.toString(8)})`, fix));
      } else if ((actual & mode) !== mode) {
        findings.push(found.problem(`has mode ${actual.toString(8)}, needs ${mode.toString(8)}`, fix));
      } else findings.push(found.ok(`mode ${actual.toString(8)}`));
    } catch (error) {
      findings.push(found.problem(errorText(error), 'mount the share; on a new site: ctmgr init'));
      return findings;
    }
  }
  return [...findings, ...(await checkWritable(config, paths)), checkSpace(paths.share), await checkCatalogue(paths)];
}

/** Only for those who write it: access(2) tells them of a read-only file system, too. */
async function checkWritable(config: Config, paths: Paths): Promise<Finding[]> {
  const uid = process.getuid?.();
  if (uid !== 0 && uid !== findAccount(config.build.user)?.uid) return [];
  const found = findingsOf('share', paths.share);
  try {
    for (const { path } of shareFolders(paths)) await access(path, constants.W_OK);
    return [found.ok('can be written from here')];
  } catch (error) {
    return [found.problem(errorText(error), 'mount it writable here; root needs no_root_squash')];
  }
}

function checkSpace(share: string): Finding {
  const found = findingsOf('share space', share);
  const { bavail, blocks } = statfsSync(share);
  const percent = blocks === 0 ? 0 : Math.round((100 * bavail) / blocks);
  if (blocks === 0) return found.unknown('the file system does not say');
  if (bavail < blocks * littleSpace) return found.warning(`${percent} % free`, 'make room there');
  return found.ok(`${percent} % free`);
}

async function checkCatalogue({ catalogue }: Paths): Promise<Finding> {
  const found = findingsOf('catalogue', catalogue);
  try {
    await access(catalogue, constants.R_OK);
    return found.ok('readable');
  } catch (error) {
    return found.problem(errorText(error), 'ctmgr poll writes it');
  }
}
