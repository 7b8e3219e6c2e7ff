import { exec, fault, heal, output, until } from '../slurm/support/cluster.ts';
import { accounted, ask, askForAll, resume, shown, submit } from './jobs.ts';
import type { Recorder } from './recorder.ts';

/**
 * What the rarer states need: a burst buffer that takes a minute to be written back, nodes that can be switched off and never
 * come up again, a PAM session that bob does not get, and an epilog that fails for root. `disable_send_gids` makes nodes look up users themselves.
 */
const settings = `
BurstBufferType=burst_buffer/lua
SuspendProgram=/bin/true
ResumeProgram=/bin/true
SuspendTime=86400
SuspendTimeout=5
ResumeTimeout=15
UsePAM=1
LaunchParameters=disable_send_gids
Epilog=/etc/slurm/epilog
SlurmctldParameters=enable_expedited_requeue
`;

/** After how many failed starts a job is held: 22.05 cannot be told, it is five there. */
const fewRequeues = 'MaxBatchRequeue=1\n';

const burstBuffer = `
local good = function() return slurm.SUCCESS, "" end
for _, name in ipairs({ "job_process", "pools", "job_teardown", "setup", "data_in", "test_data_in", "real_size", "paths",
                        "pre_run", "post_run", "test_data_out", "get_status" }) do
    _G["slurm_bb_" .. name] = good
end
function slurm_bb_data_out()
    os.execute("sleep 60")
    return slurm.SUCCESS, ""
end
`;

const session = `auth required pam_permit.so
account required pam_permit.so
session required pam_succeed_if.so quiet user != bob
`;

const epilog = `#!/bin/sh
[ "$SLURM_JOB_USER" != root ]
`;

/** What a program that boots nodes calls when a node does not come up; no command of Slurm's does. */
const bootFailure = `#include <slurm/slurm.h>
int main(int argc, char **argv)
{
    job_array_resp_msg_t *answer = NULL;
    slurm_init(NULL);
    return slurm_requeue2(argv[1], JOB_RECONFIG_FAIL, &answer) != 0;
}
`;

const here = (script: string, input = '', node?: string): Promise<string> =>
  output(['bash', '-ec', script], { input, ...(node === undefined ? {} : { node }) });

async function configure(isOld: boolean): Promise<void> {
  await here('cat >/etc/slurm/burst_buffer.lua', burstBuffer);
  await here('cat >/etc/pam.d/slurm', session);
  await here('cat >/etc/slurm/epilog; chmod 755 /etc/slurm/epilog', epilog);
  await here('cat >/tmp/boot-failure.c; gcc -o /tmp/boot-failure /tmp/boot-failure.c -lslurm', bootFailure);
  await here(
    'sed -i /^Prolog=/d /etc/slurm/slurm.conf; cat >>/etc/slurm/slurm.conf',
    settings + (isOld ? '' : fewRequeues),
  );
  await fault('slurmctld');
  await heal('slurmctld');
  await output(['scontrol', 'reconfigure']);
  // It has to forget the users that it knows.
  await fault('node:c2');
  await heal('node:c2');
  await here('grep -v ^alice: /etc/passwd >/tmp/passwd; mount --bind /tmp/passwd /etc/passwd', '', 'c2');
}

/** The states that take more than a job to be seen: flags that squeue shows in place of the state, and failures of nodes. */
export async function recordStates(recorder: Recorder, version: string, say: (what: string) => void): Promise<void> {
  const isOld = version.startsWith('22.');
  const isNewest = version.startsWith('26.');
  await configure(isOld);
  const seen = async (name: string, job: string, shows: RegExp): Promise<void> => {
    try {
      await shown(job, shows, 120);
      await accounted(job, name);
      await ask(recorder, name, job);
      await askForAll(recorder, name, job);
    } catch (error) {
      say(`NOT SEEN: ${name}: ${String(error)}`);
    }
  };
  const start = async (name: string, options: string[]): Promise<string> => {
    const job = await submit(name, { options });
    await shown(job, /RUNNING/);
    await accounted(job, name);
    return job;
  };

  const reservation = ['reservationname=short', 'starttime=now', 'duration=1', 'nodes=b1', 'users=alice'];
  await output(['scontrol', 'create', 'reservation', ...reservation]);
  const late = await submit('reservation-ended', {
    options: ['-pbuild', '--reservation=short', '--begin=now+1hour'],
  });
  const unknownUser = await submit('user-missing', { options: ['-wc2', '--no-requeue'] });
  const unknownAgain = await submit('user-missing-requeued', { options: ['-wc2', '--requeue'] });
  const refusedAgain = await submit('session-refused-requeued', { options: ['-wc4', '--requeue'], user: 'bob' });
  await output(['scontrol', 'update', 'nodename=b2', 'state=power_down_force']);

  const staged = await submit('staging-out', { options: ['-wc1'], script: '#BB_LUA x\ntrue' });
  await seen('staging-out', staged, /STAGE_OUT/);

  const resized = await start('resized', ['-N2', '-wc1,c3']);
  await output(['scontrol', 'update', `jobid=${resized}_1`, 'numnodes=1']);
  await seen('resized', resized, /RUNNING/);
  await exec(['scancel', resized]);

  for (const name of ['boot-failed', 'boot-failed-requeued']) {
    const job = await start(name, ['-wc1', name === 'boot-failed' ? '--no-requeue' : '--requeue']);
    await output(['/tmp/boot-failure', `${job}_1`]);
    await seen(name, job, name === 'boot-failed' ? /BOOT_FAIL/ : /PENDING/);
    await exec(['scancel', job]);
  }

  // A node that does not answer shows what otherwise is over in a moment.
  const signalled = await start('signalled', ['-wc3']);
  const frozen = async (command: string[], name: string, shows: RegExp): Promise<void> => {
    await here('pkill -STOP -f "^slurmd -D"', '', 'c3');
    const told = exec(command);
    await seen(name, signalled, shows);
    await here('pkill -CONT -f "^slurmd -D"', '', 'c3');
    await told;
  };
  await frozen(['scancel', '--signal=STOP', `${signalled}_1`], 'signalled', /SIGNALING/);
  await seen('stopped', signalled, /STOPPED/);
  await frozen(['scancel', signalled], 'completing', /COMPLETING/);

  await until(
    'b2 to be switched off',
    () => output(['sinfo', '-hNnb2', '-o%T']),
    (text) => text.includes('~'),
  );
  const booting = await submit('configuring', { options: ['-pbuild', '-wb2', '--no-requeue'] });
  await seen('configuring', booting, /CONFIGURING/);
  await seen('never-up', booting, /NODE_FAIL/);

  if (isNewest) {
    const options = ['-wc3', '--requeue=expedite'];
    const expedited = await submit('expedited', { options, script: 'exit 1', user: 'root' });
    await seen('expedited', expedited, /EXPEDITING/);
    await exec(['scancel', expedited]);
  }

  await seen('session-refused-requeued', refusedAgain, /REQUEUE_HOLD|COMPLETED/);
  await resume('c4');
  const refused = await submit('session-refused', { options: ['-wc4', '--no-requeue'], user: 'bob' });
  await seen('session-refused', refused, /FAILED|COMPLETED/);
  if (isOld) {
    // One of the two starts all the same; the other one fails until Slurm holds it, even if it is not to be requeued.
    const held = await until(
      'a held job of an unknown user',
      () => here('squeue -htall -ualice -o "%F %T" | grep REQUEUE_HOLD || true'),
      (text) => text !== '',
      120,
    );
    await seen('user-missing', held.split(' ')[0] ?? '', /REQUEUE_HOLD/);
  } else {
    await seen('user-missing', unknownUser, /CANCELLED/);
    await seen('user-missing-requeued', unknownAgain, /REQUEUE_HOLD/);
  }
  await seen('reservation-ended', late, /RESV_DEL_HOLD/);
  await fault('node:c2');
  await heal('node:c2');
  await exec(['scancel', late, unknownUser, unknownAgain, refusedAgain, staged]);
}
