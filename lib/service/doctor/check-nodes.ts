import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Paths } from '../../config/paths.ts';
import { resourceClass } from '../../config/resource-class.ts';
import type { Config } from '../../config/schema.ts';
import type { PartitionNode } from '../../slurm/nodes.ts';
import { runOnNode } from '../../slurm/run-on-node.ts';
import type { SlurmTools } from '../../slurm/slurm-tools.ts';
import { findAccount } from '../../util/accounts.ts';
import { epochSeconds } from '../../util/clock.ts';
import { isSystemError } from '../../util/errors.ts';
import { type Finding, findingsOf } from './finding.ts';
import { judgeNode } from './judge-node.ts';
import { parseProbe, probeScript } from './node-probe.ts';

/** Jobs at once. */
const width = 8;

export interface NodeCheck {
  config: Config;
  paths: Paths;
  configFile: string;
  slurm: SlurmTools;
  nodes: PartitionNode[];
  /** Every compute node instead of one for each partition. */
  all: boolean;
  /** Build nodes too; only root and the service account can say what those are like for builds. */
  builds: boolean;
}

interface Target {
  node: PartitionNode;
  builds: boolean;
}

/** Looks at nodes from inside, with a job of a minute on each: all build nodes, and one compute node of each partition. */
export async function checkNodes(check: NodeCheck): Promise<Finding[]> {
  const marker = await makeMarker(check.paths);
  try {
    const targets = chooseNodes(check);
    const findings: Finding[] = [];
    for (let first = 0; first < targets.length; first += width) {
      const part = await Promise.all(targets.slice(first, first + width).map((one) => checkNode(check, one, marker)));
      findings.push(...part.flat());
    }
    return findings;
  } finally {
    if (marker !== undefined) await rm(marker, { force: true });
  }
}

function chooseNodes({ config, nodes, all, builds }: NodeCheck): Target[] {
  const classes = [config.build.class, ...Object.keys(config.classes)];
  const forBuilds = new Set(classes.map((name) => resourceClass(config, name).partition));
  const chosen = new Map<string, Target>();
  const seen = new Set<string>();
  const usable = nodes.filter((node) => node.usable);
  if (builds) {
    for (const node of usable.filter(({ partition }) => forBuilds.has(partition))) {
      chosen.set(node.node, { node, builds: true });
    }
  }
  // An idle one answers at once.
  for (const node of usable.toSorted((a, b) => Number(b.state === 'idle') - Number(a.state === 'idle'))) {
    const isCompute = !forBuilds.has(node.partition) && (builds || node.isDefault);
    if (!isCompute || chosen.has(node.node) || (seen.has(node.partition) && !all)) continue;
    seen.add(node.partition);
    chosen.set(node.node, { node, builds: false });
  }
  return [...chosen.values()];
}

async function checkNode(check: NodeCheck, { node, builds }: Target, marker: string | undefined): Promise<Finding[]> {
  const { config, paths, slurm, configFile } = check;
  const builder = findAccount(config.build.user);
  const asRoot = process.getuid?.() === 0;
  const place = { share: paths.share, scratch: config.build.scratch, apptainer: config.apptainer.path, configFile };
  const script = probeScript({ ...place, marker });
  const resources = builds ? classOf(config, node.partition) : {};
  const first = epochSeconds();
  const account = asRoot ? builder : undefined;
  const answer = await runOnNode(slurm, { node: node.node, partition: node.partition, account, script, ...resources });
  const between: [number, number] = [first - 1, epochSeconds() + 1];
  const found = findingsOf('job', node.node);
  if (answer.kind === 'busy') return [found.unknown('the node has no room just now', 'ctmgr doctor, later')];
  if (answer.kind === 'failed') {
    // That the service account may not compute everywhere is no fault.
    return [
      found[builds ? 'problem' : 'warning'](
        answer.message,
        `srun --partition=${node.partition} --nodelist=${node.node} true`,
      ),
    ];
  }
  const facts = parseProbe(answer.stdout);
  const builderUid = facts.get('uid') === String(builder?.uid) ? builder?.uid : undefined;
  return judgeNode(node.node, facts, { builds, builderUid, between });
}

function classOf(
  config: Config,
  partition: string,
): { slurmAccount?: string | undefined; qos?: string | undefined; reservation?: string | undefined } {
  const name = [config.build.class, ...Object.keys(config.classes)].find(
    (one) => resourceClass(config, one).partition === partition,
  );
  if (name === undefined) return {};
  const { account, qos, reservation } = resourceClass(config, name);
  return { slurmAccount: account, qos, reservation };
}

/** A new file that only the same file system shows; undefined if the caller may not make one. */
async function makeMarker(paths: Paths): Promise<string | undefined> {
  const path = join(paths.results, `.ctmgr-doctor-${randomBytes(8).toString('hex')}`);
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o644 });
    return path;
  } catch (error) {
    if (isSystemError(error, 'EACCES', 'EPERM', 'ENOENT', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
