import { queryAccounting } from '../../lib/slurm/accounting.ts';
import { queryQueue } from '../../lib/slurm/queue.ts';
import { fault, heal, output, until } from '../slurm/support/cluster.ts';
import { kernelLimit, removeGroups } from '../slurm/support/memory-limits.ts';
import type { Recorder } from './recorder.ts';

const greedy = '#!/bin/sh\nhead -c 300m /dev/zero | tail -c 200m >/dev/null\n';

/** A job that takes more memory than it has asked for; needs a kernel with cgroup v1. The last thing to record: c1 stays down. */
export async function recordOutOfMemory({ slurm, record }: Recorder): Promise<void> {
  await output(['bash', '-ec', kernelLimit.configure]);
  await fault('slurmctld');
  await heal('slurmctld');
  await fault('node:c1');
  await heal('node:c1');
  const words = [
    'sbatch',
    '--parsable',
    '--job-name=out-of-memory',
    '--array=1',
    '--mem=20',
    '-wc1',
    '-D/',
    '-o/dev/null',
  ];
  const job = await output(words, { user: 'alice', input: greedy });
  try {
    await until(
      'out of memory',
      () => output(['sacct', '-nXP', '-j', job, '-o', 'JobName,State']),
      (text) => text.includes('out-of-memory|OUT_OF_MEMORY'),
    );
    await record('jobs/out-of-memory', async () => {
      await queryAccounting(slurm, [Number(job)]);
      await queryQueue(slurm, { arrayJobIds: [Number(job)] });
    });
  } finally {
    await fault('node:c1');
    await removeGroups('c1');
  }
}
