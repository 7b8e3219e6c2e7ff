import { queryAccounting, sacct } from '../../lib/slurm/accounting.ts';
import { queryQueue } from '../../lib/slurm/queue.ts';
import { exec, fault, heal, output, until } from '../slurm/support/cluster.ts';
import type { Recorder } from './recorder.ts';

/** A course that an array of jobs takes. */
export interface Course {
  options: string[];
  /** Lines of the script behind `#!/bin/sh`. */
  script?: string;
  interpreter?: string;
  user?: string;
  /** What is done to it when it has been submitted. */
  afterwards?: (job: string) => Promise<unknown>;
  /** Recorded when sacct's state or squeue's state and reason have this. */
  shows: RegExp;
  /** Recorded before accounting knows all of it: slurmctld of 22.05 tells it of new jobs every five seconds. */
  atOnce?: boolean;
}

const forever = 'sleep 1000';
const root = (...words: string[]): Promise<string> => output(words);
const running = (job: string): Promise<unknown> => shown(job, /RUNNING/);

/** In the order of submission; those that wait for a minute come first. */
const courses: Record<string, Course> = {
  timeout: { options: ['--time=1', '-pbuild', '-wb1'], script: forever, shows: /TIMEOUT/ },
  // It cannot start in time: the one before has a part of its node, and it wants the whole.
  deadline: {
    options: ['--time=1', '-pbuild', '-wb1', '--exclusive', '--deadline=now+70seconds'],
    shows: /DEADLINE/,
  },
  'begin-later': { options: ['--array=1-9:4%4', '--begin=now+1hour'], shows: /PENDING.*BeginTime/ },
  'held-by-user': { options: ['--array=3,5-7', '--hold'], shows: /PENDING.*JobHeldUser/ },
  'held-by-admin': {
    options: ['--begin=now+1hour'],
    afterwards: (job) => root('scontrol', 'hold', job),
    shows: /PENDING.*JobHeldAdmin/,
  },
  'partition-time-limit': { options: ['-pbuild', '--time=2-0'], shows: /PENDING.*PartitionTimeLimit/ },
  'cancelled-while-waiting': {
    options: ['--array=7,9', '--begin=now+1hour'],
    afterwards: async (job) => {
      await shown(job, /PENDING/);
      await root('scancel', job);
    },
    shows: /CANCELLED/,
  },
  completed: { options: ['--array=1-2'], script: 'true', shows: /COMPLETED.*COMPLETED/s },
  'just-ended': { options: [], script: 'exit 1', shows: /FAILED/, atOnce: true },
  'exit-1': { options: [], script: 'exit 1', shows: /FAILED/ },
  'exit-137': { options: [], script: 'exit 137', shows: /FAILED/ },
  'exit-255': { options: [], script: 'exit 255', shows: /FAILED/ },
  'signal-9': { options: [], script: 'kill -9 $$', shows: /FAILED/ },
  'missing-log-folder': { options: ['-o/nonexistent/log'], shows: /FAILED/ },
  'missing-work-folder': { options: ['-D/nonexistent'], script: 'true', shows: /FAILED|COMPLETED/ },
  'missing-interpreter': { options: [], interpreter: '/no/such', shows: /FAILED/ },
  'partly-running': {
    options: ['-pbuild', '-wb2', '--array=1-9%2'],
    script: forever,
    shows: /RUNNING.*PENDING|PENDING.*RUNNING/s,
  },
  'cancelled-by-owner': {
    options: ['-wc1'],
    script: forever,
    afterwards: async (job) => {
      await running(job);
      await output(['scancel', job], { user: 'alice' });
    },
    shows: /CANCELLED/,
  },
  suspended: {
    options: ['-wc1'],
    script: forever,
    afterwards: async (job) => {
      await running(job);
      await root('scontrol', 'suspend', `${job}_1`);
    },
    shows: /SUSPENDED/,
  },
  'requeued-and-held': {
    options: ['-wc1'],
    script: forever,
    afterwards: async (job) => {
      await running(job);
      await root('scontrol', 'requeuehold', `${job}_1`);
    },
    shows: /PENDING|REQUEUE_HOLD/,
  },
  'special-exit': {
    options: ['-wc1'],
    script: forever,
    afterwards: async (job) => {
      await running(job);
      await root('scontrol', 'requeuehold', 'State=SpecialExit', `${job}_1`);
    },
    shows: /SPECIAL_EXIT/,
  },
  'account-limit': { options: ['-Asmall', '--array=1-2', '-wc1'], script: forever, shows: /AssocMaxJobsLimit/ },
  preempted: {
    options: ['-plow', '--exclusive', '--mem=0'],
    script: forever,
    afterwards: async (job) => {
      await running(job);
      await output(['sbatch', '-phigh', '--exclusive', '--mem=0', '-o/dev/null', '--wrap=sleep 30'], { user: 'alice' });
    },
    shows: /^(?!.*RUNNING).*PENDING|PREEMPTED/s,
  },
  'preempted-for-good': {
    options: ['-plow', '--exclusive', '--mem=0', '--no-requeue'],
    script: forever,
    afterwards: async (job) => {
      await running(job);
      await output(['sbatch', '-phigh', '--exclusive', '--mem=0', '-o/dev/null', '--wrap=true'], { user: 'alice' });
    },
    shows: /PREEMPTED/,
  },
  'prolog-failed': { options: ['-wc3'], user: 'bob', shows: /PENDING.*(held|Held)/s },
  'prolog-failed-for-good': { options: ['-wc3', '--no-requeue'], user: 'bob', shows: /FAILED|CANCELLED/ },
};

/** What sacct and squeue show of an array, one line for each row. */
async function look(job: string): Promise<string> {
  const { stdout } = await exec([
    'sh',
    '-c',
    'sacct -nXP -j "$1" -o State,Reason; squeue -ahtall -j "$1" -o "%T %r" 2>/dev/null',
    'sh',
    job,
  ]);
  return stdout;
}

export async function shown(job: string, what: RegExp, seconds = 180): Promise<void> {
  await until(
    `job ${job}`,
    () => look(job),
    (text) => what.test(text),
    seconds,
  );
}

/** A node that Slurm has drained, because of a prolog for instance, is used again. */
export async function resume(node: string): Promise<void> {
  const command = `scontrol update nodename=${node} state=resume 2>/dev/null; sinfo -hNn${node} -o%T`;
  await until(
    `${node} to be used again`,
    () => output(['sh', '-c', command]),
    (text) => /idle|mix/.test(text),
  );
}

/** Waits until sacct has a row for the array, with its name. */
export async function accounted(job: string, name: string): Promise<void> {
  await until(
    `sacct of ${name}`,
    () => output(['sacct', '-nXP', '-j', job, '-o', 'JobID,JobName']),
    (text) => text.includes(`${job}_`) && !text.includes('|allocation'),
    30,
  );
}

export async function submit(name: string, course: Omit<Course, 'shows'>): Promise<string> {
  const { options, script = forever, interpreter = '/bin/sh', user = 'alice' } = course;
  const array = options.some((option) => option.startsWith('--array')) ? [] : ['--array=1'];
  const words = ['sbatch', '--parsable', `--job-name=${name}`, '-o/dev/null', '-D/', '--mem=10', '--time=60'];
  return output([...words, ...array, ...options], { user, input: `#!${interpreter}\n${script}\n` });
}

/** Records how sacct and squeue tell of an array. */
export const ask = ({ slurm, record }: Recorder, name: string, job: string): Promise<void> =>
  record(`jobs/${name}`, async () => {
    await queryAccounting(slurm, [Number(job)]);
    await queryQueue(slurm, { arrayJobIds: [Number(job)], user: 'alice' });
  });

/** Records everything that accounting keeps of an array, also what a requeue has put an end to. */
export const askForAll = ({ slurm, record }: Recorder, name: string, job: string): Promise<void> =>
  record(`duplicates/${name}`, async () => {
    const fields = 'JobID,State,ExitCode,Submit,Start,End,NodeList,Reason,JobName';
    await sacct(slurm, ['--duplicates', `--jobs=${job}`, `--format=${fields}`]);
  });

/** Lets arrays of jobs take the courses that we know how to make, and records how sacct and squeue tell of it. */
export async function recordJobs(recorder: Recorder, say: (what: string) => void): Promise<void> {
  const waiting: { name: string; job: string; shows: RegExp }[] = [];
  for (const [name, course] of Object.entries(courses)) {
    const job = await submit(name, course);
    try {
      await course.afterwards?.(job);
      if (name === 'timeout' || name === 'deadline') waiting.push({ name, job, shows: course.shows });
      else await shown(job, course.shows, 40);
      if (course.atOnce !== true) await accounted(job, name);
      if (name !== 'timeout' && name !== 'deadline') await ask(recorder, name, job);
    } catch (error) {
      say(`NOT SEEN: ${name}: ${String(error)}`);
    }
    if (['preempted', 'requeued-and-held', 'special-exit', 'prolog-failed'].includes(name))
      await askForAll(recorder, name, job);
    if (!['timeout', 'deadline', 'completed'].includes(name)) await exec(['scancel', job]);
    // The prolog has drained its node.
    if (course.user === 'bob') await resume('c3');
    if (name === 'cancelled-by-owner') say('half of the jobs');
  }
  say('a node dies');
  const lost = await submit('node-died', { options: ['-wc4', '--no-requeue'], script: forever });
  const requeued = await submit('node-died-requeued', { options: ['-wc4', '--requeue'], script: forever });
  await running(lost);
  await running(requeued);
  await fault('node:c4');
  await shown(lost, /NODE_FAIL/);
  await shown(requeued, /PENDING/);
  await Promise.all([accounted(lost, 'node-died'), accounted(requeued, 'node-died-requeued')]);
  await ask(recorder, 'node-died', lost);
  await ask(recorder, 'node-died-requeued', requeued);
  await askForAll(recorder, 'node-died-requeued', requeued);
  await exec(['scancel', requeued]);
  await heal('node:c4');
  for (const { name, job, shows } of waiting) {
    try {
      await shown(job, shows);
      await ask(recorder, name, job);
    } catch (error) {
      say(`NOT SEEN: ${name}: ${String(error)}`);
    }
  }
}
