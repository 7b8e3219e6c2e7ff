import { output } from './cluster.ts';

/** A way in which Slurm keeps jobs to the memory that they have asked for; the cluster otherwise does without. */
export interface MemoryLimit {
  title: string;
  /** What it says of a job that took more. */
  state: string;
  /** Shell text that writes Slurm's configuration; a slurmd that starts after it obeys. */
  configure: string;
}

/** Memory limits of the kernel's, by cgroup v1. */
export const kernelLimit: MemoryLimit = {
  title: 'the kernel kills processes (cgroup)',
  state: 'OUT_OF_MEMORY',
  configure: `
mkdir /cgroup && mount -t tmpfs none /cgroup
for controller in memory freezer cpuset cpuacct devices; do
    mkdir /cgroup/$controller && mount -t cgroup -o $controller none /cgroup/$controller
done
printf 'CgroupPlugin=cgroup/v1\\nCgroupMountpoint=/cgroup\\nConstrainRAMSpace=yes\\n' >/etc/slurm/cgroup.conf
sed -i 's,^TaskPlugin=.*,TaskPlugin=task/cgroup,' /etc/slurm/slurm.conf`,
};

/** Slurm's own: it measures from time to time, and kills the job. */
export const measuredLimit: MemoryLimit = {
  title: 'Slurm measures and kills the job (OverMemoryKill)',
  state: 'FAILED',
  configure: `
sed -i 's,^JobAcctGatherFrequency=.*,JobAcctGatherFrequency=1\\nJobAcctGatherParams=OverMemoryKill,' /etc/slurm/slurm.conf`,
};

/** Takes the kernel's limits of a node away again, which has to be down: the host has the groups, too, and they would outlive the cluster. */
export async function removeGroups(node: string): Promise<void> {
  const script = `[ ! -d /cgroup ] || {
find /cgroup -depth -type d -name "slurm_$1*" -exec find {} -depth -type d -delete ';'
umount -R /cgroup && rmdir /cgroup; }`;
  await output(['bash', '-ec', script, 'bash', node]);
}

/** Those that this machine can show. */
export async function memoryLimits(): Promise<MemoryLimit[]> {
  const groups = await output(['cat', '/proc/cgroups']);
  const [, hierarchy] = /^memory\t(\d+)/m.exec(groups) ?? [];
  return Number(hierarchy) > 0 ? [kernelLimit, measuredLimit] : [measuredLimit];
}
