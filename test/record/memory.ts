import { queryAccounting } from '../../lib/slurm/accounting.ts';
import { queryQueue } from '../../lib/slurm/queue.ts';
import { exec, fault, heal, output, until } from '../slurm/support/cluster.ts';
import type { Recorder } from './recorder.ts';

/** Memory limits of the kernel's (cgroup v1), which the cluster otherwise does without. */
const limits = `
mkdir /cgroup && mount -t tmpfs none /cgroup
for controller in memory freezer cpuset cpuacct devices; do
    mkdir /cgroup/$controller && mount -t cgroup -o $controller none /cgroup/$controller
done
printf 'CgroupPlugin=cgroup/v1\\nCgroupMountpoint=/cgroup\\nConstrainRAMSpace=yes\\n' >/etc/slurm/cgroup.conf
sed -i 's,^TaskPlugin=.*,TaskPlugin=task/cgroup,' /etc/slurm/slurm.conf`;

/** The host has the groups, too: they would outlive the cluster. */
const clear = `find /cgroup -depth -type d -name 'slurm_c1*' -exec find {} -depth -type d -delete ';'`;

const greedy = '#!/bin/sh\nhead -c 300m /dev/zero | tail -c 200m >/dev/null\n';

/** A job that takes more memory than it has asked for; needs a kernel with cgroup v1. The last thing to record: c1 stays down. */
export async function recordOutOfMemory({ slurm, record }: Recorder): Promise<void> {
  await output(['bash', '-ec', limits]);
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
    await exec(['sh', '-c', clear]);
  }
}
