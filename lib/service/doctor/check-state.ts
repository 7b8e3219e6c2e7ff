import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Paths } from '../../config/paths.ts';
import { checkIntegrity } from '../../store/check-integrity.ts';
import { openStore } from '../../store/open.ts';
import { CtmgrError, errorText, isSystemError } from '../../util/errors.ts';
import { holderOfServiceLock } from '../service-lock.ts';
import { type Finding, findingsOf } from './finding.ts';

/** File systems that several hosts can mount, by their magic number (statfs(2) and the drivers' own headers). */
const networkFileSystems: Record<number, string> = {
  0x6969: 'NFS',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
  0x19830326: 'BeeGFS',
  0x00c36400: 'Ceph',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x65735546: 'FUSE',
  0x01021997: '9p',
  0x01161970: 'GFS2',
  0x7461636f: 'OCFS2',
  0x5346414f: 'AFS',
};

/** The database: on a local disk, closed to others, whole, and with the schema of this program. */
export async function checkState(paths: Paths): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    const { type, bavail, bsize } = statfsSync(dirname(paths.database));
    findings.push(judgeDisk(paths.state, type, bavail * bsize));
    const { mode } = statSync(paths.database);
    const access = findingsOf('database mode', paths.database);
    if ((mode & 0o007) === 0) findings.push(access.ok((mode & 0o777).toString(8)));
    else findings.push(access.problem('is open to everybody', `chmod 660 ${paths.database}`));
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'EACCES')) throw error;
    return [...findings, findingsOf('database disk', paths.state).problem(errorText(error), 'ctmgr init')];
  }
  findings.push(await checkDatabase(paths), checkService(paths));
  return findings;
}

/** What a file system of that magic number with so many bytes free means for a database. Pure. */
export function judgeDisk(state: string, type: number, free: number): Finding {
  const disk = findingsOf('database disk', state);
  const network = networkFileSystems[type >>> 0];
  if (network !== undefined) {
    const fix = 'move it to a local disk and set paths.state: SQLite loses data on file systems of the network';
    return disk.problem(`is on ${network}`, fix);
  }
  if (free < 100 * 1024 * 1024) return disk.warning('less than 100 MiB are free', `make room: df -h ${state}`);
  return disk.ok('local');
}

async function checkDatabase({ database }: Paths): Promise<Finding> {
  const found = findingsOf('database', database);
  try {
    const store = await openStore(database);
    try {
      const complaints = await checkIntegrity(store);
      if (complaints.length === 0) return found.ok('whole');
      return found.problem(complaints.slice(0, 3).join('; '), 'ctmgr restore, from the newest backup');
    } finally {
      await store.destroy();
    }
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    return found.problem(`${error.message}: ${error.why ?? ''}`, error.hint ?? 'ctmgr init');
  }
}

function checkService({ state }: Paths): Finding {
  const found = findingsOf('service');
  const holder = existsSync(state) ? holderOfServiceLock(state) : undefined;
  if (holder !== undefined) return found.ok(`runs (process ${holder})`);
  return found.warning('does not run here', 'start `ctmgr service`, or call `ctmgr poll` every minute');
}
