import { queryController } from '../../lib/slurm/controller.ts';
import { findJobsInAccounting, findJobsInQueue } from '../../lib/slurm/find-job.ts';
import { activeJobTexts } from '../../lib/slurm/job-texts.ts';
import { queryNodes } from '../../lib/slurm/nodes.ts';
import { queryAccounting } from '../../lib/slurm/accounting.ts';
import { queryQueue } from '../../lib/slurm/queue.ts';
import { runTool } from '../../lib/slurm/slurm-tools.ts';
import { cancelJobs } from '../../lib/slurm/cancel.ts';
import { submitArray, type ArraySubmission } from '../../lib/slurm/submit-array.ts';
import { queryUserJobs } from '../../lib/slurm/user-jobs.ts';
import type { Recorder } from './recorder.ts';

const submission: ArraySubmission = {
  jobName: 'answer',
  script: '#!/bin/sh\nsleep 100\n',
  indices: [1, 2, 5],
  throttle: 2,
  user: { name: 'alice', gid: 1002 },
  workDir: '/',
  output: '/dev/null',
  error: '/dev/null',
  resources: { time: '00:05:00', extraArguments: [] },
};

/** Submissions that Slurm refuses, by what is wrong with them. */
const refusals: Record<string, Partial<ArraySubmission['resources']>> = {
  partition: { partition: 'nowhere' },
  account: { account: 'nobodys' },
  constraint: { constraint: 'nosuch' },
  memory: { memory: '900G' },
  time: { time: 'soon' },
  option: { extraArguments: ['--no-such-option'] },
};

/** Everything but the course of jobs: replies to submissions, the listings, and jobs that are unknown. */
export async function recordAnswers({ slurm, record }: Recorder): Promise<void> {
  const since = Date.now() / 1000 - 5;
  let jobId = 0;
  await record('submit/accepted', async () => {
    const reply = await submitArray(slurm, submission);
    if (reply.kind !== 'accepted') throw new Error(reply.message);
    jobId = reply.jobId;
  });
  for (const [what, resources] of Object.entries(refusals)) {
    const wrong = { ...submission, resources: { ...submission.resources, ...resources } };
    await record(`submit/wrong-${what}`, () => submitArray(slurm, wrong));
  }
  await record('find', async () => {
    await findJobsInQueue(slurm, 'answer', 'alice');
    await findJobsInAccounting(slurm, 'answer', 'alice', since);
  });
  await record('user-jobs', () => queryUserJobs(slurm, 'alice'));
  await record('job-texts', () => activeJobTexts(slurm, true));
  await record('controller', () => queryController(slurm));
  await record('nodes', () => queryNodes(slurm));
  await record('job', () => runTool(slurm, 'scontrol', ['show', 'job', `${jobId}_1`]));
  await record('cancel', () => cancelJobs(slurm, [{ arrayJobId: jobId }]));
  await record('unknown', async () => {
    await queryAccounting(slurm, [60_000]);
    await queryQueue(slurm, { arrayJobIds: [60_000] });
    await cancelJobs(slurm, [{ arrayJobId: 60_000 }]);
    await runTool(slurm, 'scontrol', ['show', 'job', '60000']);
  });
  for (const tool of ['srun', 'sbatch', 'salloc']) {
    await record(`help/${tool}`, async () => {
      await runTool(slurm, tool, ['--help']);
      await runTool(slurm, tool, ['--usage']);
    });
  }
}
