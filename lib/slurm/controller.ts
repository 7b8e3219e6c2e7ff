import { CtmgrError } from '../util/errors.ts';
import { failureText, runTool, type NoAnswer, type SlurmTools } from './slurm-tools.ts';

export interface SlurmVersion {
  /** 24 of 24.11. */
  major: number;
  /** 11 of 24.11. */
  minor: number;
  /** As Slurm prints it, for example `24.11.5`. */
  text: string;
}

/** The limits of slurm.conf that decide how a rebuild is cut into arrays. */
export interface ControllerSettings {
  /** Limits the index: the largest one that can be used is `maxArraySize - 1` (slurm.conf(5)). */
  maxArraySize: number;
  /** Most elements of one array, from `SchedulerParameters=max_array_tasks`. */
  maxArrayTasks?: number;
  /** Most jobs that slurmctld keeps; each element counts as one. */
  maxJobCount?: number;
  /** Seconds until slurmctld forgets a job that ended. */
  minJobAge?: number;
  clusterName?: string;
  /** Such as `accounting_storage/slurmdbd`. */
  accounting?: string;
}

export type ControllerAnswer = { ok: true; settings: ControllerSettings } | NoAnswer;

const versions = new Map<string, Promise<SlurmVersion>>();

/**
 * The version of the client commands, asked once per folder of commands and process (`sbatch --version` does not
 * contact the controller). Throws CtmgrError `unavailable` if sbatch cannot be run or says something else.
 */
export async function slurmVersion(slurm: SlurmTools): Promise<SlurmVersion> {
  const key = slurm.binDir ?? '';
  const known = versions.get(key);
  if (known !== undefined) return known;
  const asked = askVersion(slurm);
  versions.set(key, asked);
  try {
    return await asked;
  } catch (error) {
    versions.delete(key);
    throw error;
  }
}

async function askVersion(slurm: SlurmTools): Promise<SlurmVersion> {
  const result = await runTool(slurm, 'sbatch', ['--version']);
  const version = result.exitCode === 0 ? parseVersion(result.stdout) : undefined;
  if (version !== undefined) return version;
  throw new CtmgrError('unavailable', 'cannot find out which Slurm this is', {
    why: result.exitCode === 0 ? 'sbatch --version printed no version' : failureText('sbatch --version', result),
    hint: 'put the Slurm commands into PATH or set slurm.bin_dir in the configuration',
  });
}

/** Reads `slurm 24.11.5` or, on Debian, `slurm-wlm 22.05.8`. */
export function parseVersion(text: string): SlurmVersion | undefined {
  const [, version, major, minor] = /^slurm\S*\s+((\d+)\.(\d+)\S*)/m.exec(text) ?? [];
  return version === undefined ? undefined : { major: Number(major), minor: Number(minor), text: version };
}

/** True if `version` is `major.minor` or newer. */
export function isAtLeast(version: SlurmVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** Asks slurmctld for its limits with `scontrol show config`. */
export async function queryController(slurm: SlurmTools): Promise<ControllerAnswer> {
  const result = await runTool(slurm, 'scontrol', ['show', 'config'], { question: true });
  if (result.exitCode !== 0) return { ok: false, message: failureText('scontrol show config', result) };
  const settings = parseControllerConfig(result.stdout);
  if (settings === undefined) return { ok: false, message: 'scontrol show config printed no MaxArraySize' };
  return { ok: true, settings };
}

/** Reads the `Name = value` lines of `scontrol show config`; undefined without MaxArraySize. */
export function parseControllerConfig(text: string): ControllerSettings | undefined {
  const values = configValues(text);
  const maxArraySize = leadingNumber(values.get('MaxArraySize'));
  if (maxArraySize === undefined) return undefined;
  const maxArrayTasks = leadingNumber(
    /(?:^|,)max_array_tasks=(\d+)/.exec(values.get('SchedulerParameters') ?? '')?.[1],
  );
  const maxJobCount = leadingNumber(values.get('MaxJobCount'));
  const minJobAge = leadingNumber(values.get('MinJobAge'));
  const clusterName = values.get('ClusterName');
  const accounting = values.get('AccountingStorageType');
  return {
    maxArraySize,
    ...(maxArrayTasks === undefined ? {} : { maxArrayTasks }),
    ...(maxJobCount === undefined ? {} : { maxJobCount }),
    ...(minJobAge === undefined ? {} : { minJobAge }),
    ...(clusterName === undefined ? {} : { clusterName }),
    ...(accounting === undefined ? {} : { accounting }),
  };
}

function configValues(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+)\s+=\s(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, value.trim());
  }
  return values;
}

/** `300 sec` → 300. */
function leadingNumber(text: string | undefined): number | undefined {
  const digits = /^\d+/.exec(text ?? '')?.[0];
  return digits === undefined ? undefined : Number(digits);
}
