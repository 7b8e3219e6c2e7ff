import { isAtLeast, slurmVersion } from './controller.ts';
import { failureText, runTool, type SlurmTools } from './slurm-tools.ts';

export interface NodeScript {
  node: string;
  partition: string;
  /** Who it runs as, for root; undefined: the caller. */
  account: { uid: number; gid: number } | undefined;
  /** For a POSIX shell, on its standard input. */
  script: string;
  slurmAccount?: string | undefined;
  qos?: string | undefined;
  reservation?: string | undefined;
}

/** `busy`: no room on the node just now. */
export type NodeAnswer = { kind: 'ran'; stdout: string } | { kind: 'busy' } | { kind: 'failed'; message: string };

/** Seconds to wait for room on a node. */
const patience = 30;

/**
 * Runs a script on one node as a job of a minute and returns what it printed. srun of newer versions has
 * no `--uid` (24.11 does not know it), so root calls it as that account.
 */
export async function runOnNode(slurm: SlurmTools, job: NodeScript): Promise<NodeAnswer> {
  const options: [name: string, value: string | number | undefined][] = [
    ['job-name', 'ctmgr-doctor'],
    ['partition', job.partition],
    ['nodelist', job.node],
    ['nodes', 1],
    ['ntasks', 1],
    ['mem', '200M'],
    ['time', 1],
    ['immediate', patience],
    ['chdir', '/'],
    ['mpi', 'none'],
    ['account', job.slurmAccount],
    ['qos', job.qos],
    ['reservation', job.reservation],
    ['export', isAtLeast(await slurmVersion(slurm), 23, 2) ? 'NIL' : 'NONE'],
  ];
  const args = options.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  const call = { input: job.script, question: true, account: job.account };
  const result = await runTool(slurm, 'srun', [...args, '/bin/sh', '-s'], call);
  if (result.exitCode === 0) return { kind: 'ran', stdout: result.stdout };
  if (
    /unable to allocate resources: (requested nodes are busy|immediate)|allocation was revoked|has been revoked/i.test(
      result.stderr,
    )
  ) {
    return { kind: 'busy' };
  }
  return { kind: 'failed', message: failureText('srun', result) };
}
