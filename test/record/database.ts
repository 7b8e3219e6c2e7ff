import { queryAccounting } from '../../lib/slurm/accounting.ts';
import { queryQueue } from '../../lib/slurm/queue.ts';
import { runTool } from '../../lib/slurm/slurm-tools.ts';
import { output } from '../slurm/support/cluster.ts';
import { accounted, askForAll, shown, submit } from './jobs.ts';
import type { Recorder } from './recorder.ts';

/** slurm.h, enum job_states and the flags behind it. Flags stand beside a state: some of them are no words of their own to sacct. */
const states: Record<string, number> = {
  LAUNCH_FAILED: 2 ** 8 + 5,
  REQUEUE_HOLD: 2 ** 11,
  SPECIAL_EXIT: 2 ** 12,
  RESIZING: 2 ** 13 + 1,
  CONFIGURING: 2 ** 14 + 1,
  COMPLETING: 2 ** 15 + 1,
  STOPPED: 2 ** 16 + 1,
  RECONFIG_FAIL: 2 ** 17 + 5,
  POWER_UP_NODE: 2 ** 18 + 1,
  REVOKED: 2 ** 19,
  REQUEUE_FED: 2 ** 20,
  RESV_DEL_HOLD: 2 ** 21,
  SIGNALING: 2 ** 22 + 1,
  STAGE_OUT: 2 ** 23 + 3,
  EXPEDITING: 2 ** 24,
  // The first number that means nothing.
  unknown: 12,
};

/** Exit codes of slurmstepd's: ESLURMD_EXECVE_FAILED, ESLURMD_IO_ERROR, ESLURMD_PROLOG_FAILED (slurm_errno.h). */
const failures: Record<string, number> = { '0:52': 4020, '0:53': 4021, '0:54': 4022 };

const set = (job: string, values: string): Promise<string> =>
  output(['mariadb', 'slurm_acct_db', '-e', `update cluster_job_table set ${values} where id_array_job=${job}`]);

/**
 * How sacct tells of states that this cluster cannot bring about, or only squeue shows: they are written into the database of
 * slurmdbd by hand.
 */
export async function recordDatabaseStates(recorder: Recorder): Promise<void> {
  const job = await submit('set-in-database', { options: ['-wc1'], script: 'true' });
  await shown(job, /COMPLETED/);
  await accounted(job, 'set-in-database');
  const rows = [
    ...Object.entries(states).map(([name, state]) => [name, `state=${state}, exit_code=0`] as const),
    ...Object.entries(failures).map(([name, code]) => [name, `state=5, exit_code=${code}`] as const),
  ];
  for (const [name, values] of rows) {
    await set(job, values);
    await recorder.record(`database/${name}`, () => queryAccounting(recorder.slurm, [Number(job)]));
    if (name === 'REVOKED') await askForAll(recorder, name, job);
  }
  await set(job, 'state=3, exit_code=0');
}

/** A job that slurmctld does not know any more, as one that runs: what is left when slurmdbd was not told of its end. */
export async function recordRunaway({ slurm, record }: Recorder, job: string): Promise<void> {
  await set(job, 'state=1, time_start=time_submit, time_end=0');
  await record('database/runaway', async () => {
    await queryAccounting(slurm, [Number(job)]);
    await queryQueue(slurm, { arrayJobIds: [Number(job)] });
    await runTool(slurm, 'sacctmgr', ['--parsable2', '--noheader', 'show', 'runawayjobs'], { input: 'n\n' });
  });
  await set(job, 'state=4, time_end=time_start');
}
