import {
  failureText,
  fieldSeparator,
  listingEnvironment,
  type NoAnswer,
  runTool,
  type SlurmTools,
} from './slurm-tools.ts';

/** A node as a member of one partition. */
export interface PartitionNode {
  node: string;
  partition: string;
  /** True for the partition of jobs that name none. */
  isDefault: boolean;
  /** In Slurm's words, without the signs behind it: `idle`, `mixed`, `down`, `drained` … (sinfo(1), NODE STATE CODES). */
  state: string;
  /** It takes jobs, now or when it has room. */
  usable: boolean;
}

const usableStates = ['idle', 'mixed', 'allocated', 'completing', 'planned', 'allocated+', 'reserved'];

/** Asks slurmctld for all nodes of all partitions, hidden ones too. */
export async function queryNodes(slurm: SlurmTools): Promise<{ ok: true; nodes: PartitionNode[] } | NoAnswer> {
  const format = ['%N', '%P', '%T'].join(fieldSeparator);
  const options = { environment: listingEnvironment, question: true };
  const result = await runTool(slurm, 'sinfo', ['--all', '--noheader', '--Node', `--format=${format}`], options);
  if (result.exitCode !== 0) return { ok: false, message: failureText('sinfo', result) };
  return { ok: true, nodes: parseNodes(result.stdout) };
}

/** Reads sinfo's lines. A sign behind a state says more: `*` does not respond, `~` is powered off. */
export function parseNodes(text: string): PartitionNode[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [node = '', partition = '', full = ''] = line.split(fieldSeparator);
      const [, state = '', sign = ''] = /^([a-z_]+\+?)(.*)$/.exec(full.toLowerCase()) ?? [];
      return {
        node,
        partition: partition.replace(/\*$/, ''),
        isDefault: partition.endsWith('*'),
        state,
        usable: usableStates.includes(state) && !sign.includes('*'),
      };
    });
}
