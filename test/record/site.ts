import { queryAccounting, sacct } from '../../lib/slurm/accounting.ts';
import { findJobsInAccounting } from '../../lib/slurm/find-job.ts';
import { queryQueue } from '../../lib/slurm/queue.ts';
import { runTool } from '../../lib/slurm/slurm-tools.ts';
import { exec, fault, heal, output, until } from '../slurm/support/cluster.ts';
import { recordRunaway } from './database.ts';
import type { Recorder } from './recorder.ts';

/**
 * What some of Slurm's words need: limits of an account, two partitions of which one preempts the other, and a prolog
 * that fails for one user.
 */
const settings = `
AccountingStorageEnforce=limits
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
Prolog=/etc/slurm/prolog
PartitionName=low Nodes=c2 PriorityTier=1
PartitionName=high Nodes=c2 PriorityTier=10
`;

const accounts = `
sacctmgr -i add account site && sacctmgr -i add account small
for user in root alice bob; do sacctmgr -i add user $user account=site defaultaccount=site; done
sacctmgr -i add user alice account=small && sacctmgr -i modify user alice where account=small set maxjobs=1
printf '#!/bin/sh\\n[ "$SLURM_JOB_USER" != bob ]\\n' >/etc/slurm/prolog && chmod 755 /etc/slurm/prolog`;

export async function configureCluster(): Promise<void> {
  await output(['bash', '-ec', accounts]);
  await exec(['sh', '-c', 'cat >>/etc/slurm/slurm.conf'], { input: settings });
  await fault('slurmctld');
  await heal('slurmctld');
  await output(['scontrol', 'reconfigure']);
}

/** What the commands say while a daemon is away. */
export async function recordOutages({ slurm, record }: Recorder): Promise<void> {
  const now = Date.now() / 1000;
  await fault('slurmdbd');
  await record('slurmdbd-down', async () => {
    await queryAccounting(slurm, [1]);
    await findJobsInAccounting(slurm, 'mark', 'alice', now);
  });
  await heal('slurmdbd');
  await fault('slurmctld');
  await record('slurmctld-down', async () => {
    await queryQueue(slurm, { arrayJobIds: [1] });
    await runTool(slurm, 'sbatch', ['--parsable', '--wrap=true']);
    await runTool(slurm, 'sinfo', []);
  });
  await heal('slurmctld');
}

/**
 * slurmctld forgets everything: its job ids begin anew, so accounting knows two jobs by one id, and the jobs that it had are
 * "runaway": only accounting still takes them for waiting.
 */
export async function recordLostState(recorder: Recorder): Promise<void> {
  const { slurm, record } = recorder;
  const submit = (...more: string[]): Promise<string> =>
    output(['sbatch', '--parsable', '--job-name=mark', '--output=/dev/null', '--array=1-2', ...more, '--wrap=true'], {
      user: 'alice',
    });
  const lost = await submit('--hold');
  await until(
    'the held array in sacct',
    () => output(['sacct', '-nX', '-j', lost]),
    (text) => text.includes('PENDING'),
  );
  await fault('slurmctld');
  await output(['sh', '-c', 'rm -rf /var/spool/slurmctld/*']);
  await heal('slurmctld');
  await record('runaway', async () => {
    await queryAccounting(slurm, [Number(lost)]);
    await queryQueue(slurm, { arrayJobIds: [Number(lost)] });
    await runTool(slurm, 'sacctmgr', ['--parsable2', '--noheader', 'show', 'runawayjobs'], { input: 'n\n' });
  });
  await recordRunaway(recorder, lost);
  const again = Number(await submit());
  await until(
    'the second array in sacct',
    () => output(['sacct', '-nX', '-j', String(again), '-o', 'JobName,State']),
    (text) => (text.match(/mark +COMPLETED/g) ?? []).length === 2,
  );
  await record('reused-id', async () => {
    await queryAccounting(slurm, [again]);
    await sacct(slurm, ['--duplicates', `--jobs=${again}`, '--format=JobID,State,Submit,JobName']);
  });
}
