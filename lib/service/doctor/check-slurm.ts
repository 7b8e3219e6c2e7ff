import { resourceClass } from '../../config/resource-class.ts';
import type { Config } from '../../config/schema.ts';
import { sacct } from '../../slurm/accounting.ts';
import { isAtLeast, parseVersion, queryController } from '../../slurm/controller.ts';
import type { PartitionNode } from '../../slurm/nodes.ts';
import { failureText, runTool, type SlurmTools } from '../../slurm/slurm-tools.ts';
import { countNoun } from '../../util/count-noun.ts';
import { type Finding, findingsOf } from './finding.ts';

const tools = ['sbatch', 'srun', 'squeue', 'sacct', 'scancel', 'scontrol', 'sinfo'];

/** Slurm's commands on this host: that they start, and are of one version that ctmgr knows. */
export async function checkTools(slurm: SlurmTools): Promise<Finding[]> {
  const found = findingsOf('slurm commands');
  const fix = 'install the Slurm client commands on this host, or set slurm.bin_dir';
  const missing: string[] = [];
  const versions = new Set<string>();
  for (const tool of tools) {
    const result = await runTool(slurm, tool, ['--version']);
    const version = result.exitCode === 0 ? parseVersion(result.stdout) : undefined;
    if (version === undefined) missing.push(failureText(tool, result));
    else versions.add(version.text);
  }
  if (missing.length > 0) return [found.problem(missing.join('; '), fix)];
  const [text = ''] = versions;
  if (versions.size > 1) return [found.warning(`several versions: ${[...versions].join(', ')}`, fix)];
  const version = parseVersion(`slurm ${text}`);
  if (version === undefined || !isAtLeast(version, 22, 5)) {
    return [found.problem(`Slurm ${text}`, 'ctmgr needs Slurm 22.05 or newer')];
  }
  return [found.ok(`Slurm ${text}`)];
}

/** slurmctld, its limits, and accounting through slurmdbd. */
export async function checkDaemons(slurm: SlurmTools): Promise<Finding[]> {
  const controller = findingsOf('slurmctld');
  const accounting = findingsOf('accounting');
  const answer = await queryController(slurm);
  if (!answer.ok) {
    return [
      controller.problem(answer.message, 'scontrol ping; start slurmctld'),
      accounting.unknown('slurmctld, which names it, does not answer'),
    ];
  }
  const { maxArraySize, clusterName = '', accounting: storage = '' } = answer.settings;
  const findings = [controller.ok(`answers; cluster ${clusterName}`)];
  const arrays = findingsOf('job arrays');
  if (maxArraySize === 0) findings.push(arrays.problem('MaxArraySize is 0', 'set MaxArraySize in slurm.conf'));
  else if (maxArraySize < 100) {
    const fix = 'raise MaxArraySize in slurm.conf; larger rebuilds are cut into several arrays';
    findings.push(arrays.warning(`MaxArraySize is ${maxArraySize}`, fix));
  } else findings.push(arrays.ok(`MaxArraySize is ${maxArraySize}`));
  if (!storage.includes('slurmdbd')) {
    const fix = 'AccountingStorageType=accounting_storage/slurmdbd in slurm.conf';
    return [...findings, accounting.problem(`there is none through slurmdbd: ${storage}`, fix)];
  }
  const asked = await sacct(slurm, ['--jobs=1', '--format=JobID']);
  if (asked.ok) findings.push(accounting.ok('slurmdbd answers'));
  else findings.push(accounting.problem(asked.message, 'sacctmgr ping; start slurmdbd (builds go on meanwhile)'));
  return findings;
}

/** The partitions that resource classes name, and whether their nodes take jobs. */
export function checkPartitions(config: Config, nodes: PartitionNode[]): Finding[] {
  const names = new Map<string, string[]>();
  for (const name of new Set([config.build.class, ...Object.keys(config.classes)])) {
    const { partition } = resourceClass(config, name);
    names.set(partition, [...(names.get(partition) ?? []), name]);
  }
  return [...names].map(([partition, classes]) => {
    const found = findingsOf('build partition', partition);
    const members = nodes.filter((node) => node.partition === partition);
    const off = members.filter(({ usable }) => !usable).map(({ node, state }) => `${node} is ${state}`);
    const key = classes.map((name) => `classes.${name}.partition`).join(', ');
    if (members.length === 0) return found.problem('Slurm has no such partition with nodes', `correct ${key}`);
    if (off.length === members.length) {
      return found.problem(`no node takes jobs: ${off.join(', ')}`, 'scontrol update NodeName=NODE State=RESUME');
    }
    if (off.length > 0) return found.warning(off.join(', '), 'scontrol show node NODE says why');
    return found.ok(countNoun(members.length, 'node'));
  });
}
