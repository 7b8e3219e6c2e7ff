import type { ElementRecord } from '../slurm/element-record.ts';
import type { Instance } from '../store/instances.ts';
import { isSystemError } from '../util/errors.ts';
import { readForeignEnd } from '../util/read-foreign.ts';
import type { BuildSite } from './build-site.ts';
import { logFiles } from './tag-folders.ts';

/**
 * What slurmstepd writes into a job's output when the accounting plugin has measured too much memory and has it killed
 * (`JobAcctGatherParams=OverMemoryKill`; jobacct_gather.c, the same from 22.05 to 26.05). The second comes by way of slurmctld,
 * which is sometimes too late.
 */
const sentence =
  /error: (\S+ exceeded (virtual )?memory limit \(\d+ > \d+\), being killed|Exceeded job memory limit)$/m;

/** Bytes of the log's end that are looked at. */
const looked = 8192;

const sigkill = 9;

/**
 * True if Slurm has killed an element for its memory without the kernel's help. Its state is then FAILED with 0:9, as after any
 * kill -9 (seen with 24.11): only the log tells. False also where the log cannot be read.
 */
export async function isOverMemory(
  site: Pick<BuildSite, 'paths'>,
  instance: Instance,
  record: ElementRecord | undefined,
): Promise<boolean> {
  if (record?.outcome !== 'failed' || record.signal !== sigkill) return false;
  return sentence.test(await endOf(logFiles(site.paths, instance).err));
}

async function endOf(path: string): Promise<string> {
  try {
    return (await readForeignEnd(path, looked)).text;
  } catch (error) {
    if (isSystemError(error, 'EMFILE', 'ENFILE')) throw error;
    return '';
  }
}
