import { makeBenchSite } from '../benchmarks/bench-site.ts';
import { collectBenchmarks } from '../benchmarks/collect-results.ts';
import { resumeRun } from '../benchmarks/start-run.ts';
import type { Answer, Context } from './context.ts';
import { requireBenchRun } from './require-bench-run.ts';
import { answerSubmission } from './wait-for-bench.ts';

/** `ctmgr bench resume RUN`: submits the pairs that a run still lacks, in the order that was drawn for them. */
export async function run(argv: { run: string; wait: boolean }, context: Context): Promise<Answer> {
  const store = await context.store();
  const row = await requireBenchRun(store, argv.run);
  const site = makeBenchSite(store, context.config, context.paths, context.caller.name);
  const { problems } = await collectBenchmarks(site);
  for (const problem of problems) context.terminal.say(`ctmgr: ${problem}`);
  const started = await resumeRun(site, row);
  if (started !== undefined) return answerSubmission(site, context, started, argv.wait);
  const text = `${row.name} has all of its pairs.\nNext: ctmgr bench report ${row.name}\n`;
  return { kind: 'record', record: { run: row.name, submission: null }, text };
}
