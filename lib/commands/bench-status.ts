import { type BenchProgress, benchProgress } from '../benchmarks/bench-progress.ts';
import { makeBenchSite } from '../benchmarks/bench-site.ts';
import { collectBenchmarks } from '../benchmarks/collect-results.ts';
import { listBenchmarkRuns } from '../store/benchmark-runs.ts';
import { exitCodes } from '../util/errors.ts';
import { formatTime } from '../util/clock.ts';
import type { Answer, Column, Context } from './context.ts';
import { requireBenchRun } from './require-bench-run.ts';

const columns: Column[] = [
  { key: 'run', title: 'RUN' },
  { key: 'image', title: 'IMAGE' },
  { key: 'state', title: 'STATE' },
  { key: 'done', title: 'DONE', align: 'right' },
  { key: 'planned', title: 'PLANNED', align: 'right' },
  { key: 'invalid', title: 'INVALID', align: 'right' },
  { key: 'created', title: 'CREATED', show: (value) => formatTime(value as number) },
  { key: 'by', title: 'BY' },
  { key: 'jobs', title: 'JOBS', show: (value) => (value as number[]).join(' ') },
];

/** `ctmgr bench status [RUN]`: collects what has come, then says how far the runs are. */
export async function run(argv: { run?: string }, context: Context): Promise<Answer> {
  const store = await context.store();
  const wanted = argv.run === undefined ? undefined : await requireBenchRun(store, argv.run);
  const site = makeBenchSite(store, context.config, context.paths, context.caller.name);
  const { problems } = await collectBenchmarks(site);
  for (const problem of problems) context.terminal.say(`ctmgr: ${problem}`);
  const runs = wanted === undefined ? await listBenchmarkRuns(store) : [wanted];
  const progress: BenchProgress[] = [];
  for (const one of runs) progress.push(await benchProgress(store, one));
  for (const { messages, state, data } of wanted === undefined ? [] : progress) {
    for (const message of messages) context.terminal.say(`ctmgr: ${message}`);
    const next = state === 'incomplete' ? 'resume' : 'report';
    if (state !== 'running') context.terminal.say(`Next: ctmgr bench ${next} ${data.name}`);
  }
  return {
    kind: 'table',
    columns,
    records: progress.map(describe),
    empty: 'No benchmark has been run yet.',
    exitCode: problems.length > 0 ? exitCodes.tryAgain : 0,
  };
}

function describe({ data, messages, ...progress }: BenchProgress): Record<string, unknown> {
  return {
    run: data.name,
    image: data.aa ? 'none (A/A)' : `${data.image.name}:${data.image.tag}`,
    state: progress.state,
    done: progress.done,
    planned: progress.planned,
    invalid: progress.invalid,
    created: data.created,
    by: data.createdBy,
    jobs: progress.jobs,
    messages,
  };
}
