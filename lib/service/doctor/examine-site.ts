import type { LoadedConfig } from '../../config/load-config.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/schema.ts';
import { type Level, reaches } from '../../config/rights.ts';
import type { RegistrySettings } from '../../registry/http-request.ts';
import { queryNodes } from '../../slurm/nodes.ts';
import type { SlurmTools } from '../../slurm/slurm-tools.ts';
import type { OfferedImage } from '../../store/offered-images.ts';
import type { ScheduleState } from '../../store/schedules.ts';
import { findAccount } from '../../util/accounts.ts';
import { CtmgrError } from '../../util/errors.ts';
import { type Schedule, schedulesOf } from '../schedules.ts';
import { checkAccount, checkContainerOption, checkNotifier } from './check-doors.ts';
import { checkGroups } from './check-groups.ts';
import { checkNodes } from './check-nodes.ts';
import { checkRegistries } from './check-registries.ts';
import { checkSchedules } from './check-schedules.ts';
import { checkShare, missingShare } from './check-share.ts';
import { checkSignatures } from './check-signatures.ts';
import { checkDaemons, checkPartitions, checkTools } from './check-slurm.ts';
import { checkState } from './check-state.ts';
import { type Finding, findingsOf } from './finding.ts';

export interface Examination {
  loaded: LoadedConfig;
  paths: Paths;
  level: Level;
  /** Looks at nodes from inside. */
  jobs: boolean;
  allNodes: boolean;
  /** References of the base images in use. */
  bases: () => Promise<string[]>;
  /** How schedules went. */
  schedules: () => Promise<ScheduleState[]>;
  /** What is offered. */
  images: () => Promise<OfferedImage[]>;
  registries: RegistrySettings;
  signal: AbortSignal;
}

/** Everything that can be found wrong with a site by somebody of this level, in the order of the README's table. */
export async function examineSite(examination: Examination): Promise<Finding[]> {
  const { loaded, paths, level, jobs, allNodes, signal } = examination;
  const { config } = loaded;
  const { bin_dir, command_timeout } = config.slurm;
  const slurm: SlurmTools = { binDir: bin_dir, timeout: command_timeout * 1000, interrupted: signal };
  const isAdmin = reaches(level, 'admin');
  const findings = [...checkConfig(loaded), ...(await checkTools(slurm)), ...(await checkDaemons(slurm))];
  const listed = await queryNodes(slurm);
  if (listed.ok && isAdmin) findings.push(...checkPartitions(config, listed.nodes));
  if (isAdmin) {
    findings.push(checkAccount(config), ...(await checkState(paths)));
    findings.push(...checkSchedules(validSchedules(config), await examination.schedules()));
  }
  const missing = await missingShare(paths);
  findings.push(...(missing === undefined ? await checkShare(config, paths) : [missing]));
  if (isAdmin) {
    const bases = await examination.bases();
    findings.push(...(await checkRegistries(bases, examination.registries)), ...checkNotifier(config));
    // Without the share every image would count as gone.
    const images = missing === undefined ? await examination.images() : [];
    findings.push(...(await checkGroups(paths, images)), ...(await checkSignatures(config, images)));
  }
  if (!jobs) return findings;
  findings.push(await checkContainerOption(slurm.timeout));
  if (listed.ok) {
    const check = { config, paths, configFile: loaded.path, slurm, nodes: listed.nodes, all: allNodes };
    findings.push(...(await checkNodes({ ...check, builds: canBuild(config) })));
  } else findings.push(findingsOf('nodes').unknown(listed.message));
  return findings;
}

function canBuild(config: Config): boolean {
  const uid = process.getuid?.();
  return uid === 0 || uid === findAccount(config.build.user)?.uid;
}

/** None, if one of them is wrong, which is told of the configuration. */
function validSchedules(config: Config): Schedule[] {
  try {
    return schedulesOf(config);
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    return [];
  }
}

/** What loading the configuration did not look at. */
function checkConfig({ config, path, exists }: LoadedConfig): Finding[] {
  const found = findingsOf('configuration', path);
  if (!exists) return [found.warning('is not there; defaults are used', 'ctmgr init')];
  try {
    schedulesOf(config);
    return [found.ok('valid')];
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    return [found.problem(error.message, error.hint ?? `correct ${path}`)];
  }
}
