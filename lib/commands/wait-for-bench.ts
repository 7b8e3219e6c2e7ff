import { analyseRun } from '../benchmarks/analyse-run.ts';
import { type BenchProgress, benchProgress } from '../benchmarks/bench-progress.ts';
import type { BenchSite } from '../benchmarks/bench-site.ts';
import { collectBenchmarks } from '../benchmarks/collect-results.ts';
import { lastSelfRun, type SelfRun } from '../benchmarks/last-self-run.ts';
import type { StartedRun } from '../benchmarks/start-run.ts';
import { showsBias } from '../benchmarks/verdict-sentence.ts';
import { pause } from '../builds/follow.ts';
import type { BenchmarkRun } from '../store/benchmark-runs.ts';
import { exitCodes } from '../util/errors.ts';
import type { Answer, Context } from './context.ts';
import { reportAnswer } from './bench-report.ts';

/** What `bench run` and `bench resume` say after a submission, or with `wait` at the end of it. */
export async function answerSubmission(
  site: BenchSite,
  context: Context,
  { run, report }: StartedRun,
  wait: boolean,
): Promise<Answer> {
  context.terminal.say(`  ${report.message}`);
  const record = { run: run.name, seed: run.seed, submission: report };
  if (report.kind === 'refused') {
    const text = `Run ${run.name} was refused by Slurm.\nNext: ctmgr bench resume ${run.name}\n`;
    return { kind: 'record', record, text, exitCode: exitCodes.failed };
  }
  if (wait) return waitForBench(site, context, run);
  return {
    kind: 'record',
    record,
    text: `Run ${run.name} is with Slurm.\nNext: ctmgr bench status ${run.name}, and at the end: ctmgr bench report ${run.name}\n`,
    exitCode: report.kind === 'unknown' ? exitCodes.tryAgain : 0,
  };
}

/** Follows a run until its jobs are over, then reports it: 0 only if all pairs are there and count, and A/A shows no difference. */
async function waitForBench(site: BenchSite, context: Context, run: BenchmarkRun): Promise<Answer> {
  const { results_interval, slurm_interval, slurm_interval_max, slurm_backoff } = site.config.poll;
  const asking = { ...site, slurm: { ...site.slurm, interrupted: context.interrupted } };
  const told = new Set<string>();
  let interval = slurm_interval;
  let nextSlurm = 0;
  let shown = '';
  for (;;) {
    const askSlurmToo = performance.now() >= nextSlurm;
    const { problems, collected } = await collectBenchmarks(asking, askSlurmToo);
    if (askSlurmToo) {
      interval = collected > 0 ? slurm_interval : Math.min(interval * slurm_backoff, slurm_interval_max);
      nextSlurm = performance.now() + interval * 1000;
    }
    const progress = await benchProgress(site.store, run);
    if (context.interrupted.aborted) return interrupted(run, progress);
    for (const problem of problems.filter((one) => !told.has(one))) context.terminal.say(`ctmgr: ${problem}`);
    for (const problem of problems) told.add(problem);
    const line = `${progress.done} of ${progress.planned} pairs`;
    if (line !== shown) context.terminal.say((shown = line));
    if (progress.state !== 'running') return finish(context, progress, await lastSelfRun(site.store, run));
    await pause(results_interval * 1000, context.interrupted);
  }
}

function finish(context: Context, progress: BenchProgress, lastSelf: SelfRun | undefined): Answer {
  for (const message of progress.messages) context.terminal.say(`ctmgr: ${message}`);
  const { name } = progress.data;
  if (progress.state === 'incomplete') context.terminal.say(`Run what is missing: ctmgr bench resume ${name}`);
  const good = progress.state === 'complete' && progress.invalid === 0 && !showsBias(analyseRun(progress.data).metrics);
  return { ...reportAnswer(progress.data, lastSelf), exitCode: good ? 0 : exitCodes.failed };
}

function interrupted({ name }: BenchmarkRun, { done, planned, jobs }: BenchProgress): Answer {
  return {
    kind: 'record',
    record: { interrupted: true, run: name, jobs },
    text: `Interrupted after ${done} of ${planned} pairs. The jobs go on: ${jobs.join(' ')}\nCome back with: ctmgr bench status ${name}\n`,
    exitCode: exitCodes.interrupted,
  };
}
