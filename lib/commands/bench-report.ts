import { analyseRun } from '../benchmarks/analyse-run.ts';
import { loadRunData } from '../benchmarks/load-run-data.ts';
import { reportCsv } from '../benchmarks/report-csv.ts';
import { reportJson } from '../benchmarks/report-json.ts';
import { reportText } from '../benchmarks/report-text.ts';
import type { RunData } from '../benchmarks/run-data.ts';
import { CtmgrError } from '../util/errors.ts';
import type { Answer, Context, RecordAnswer } from './context.ts';
import { requireBenchRun } from './require-bench-run.ts';

/** `ctmgr bench report RUN`: what the run says, from the database alone. */
export async function run(argv: { run: string; csv: boolean; json: boolean }, context: Context): Promise<Answer> {
  if (argv.csv && argv.json) throw new CtmgrError('usage', '--csv and --json are two answers; give one of them');
  const store = await context.store();
  const data = await loadRunData(store, await requireBenchRun(store, argv.run));
  return argv.csv ? { kind: 'text', text: reportCsv(data) } : reportAnswer(data);
}

/** The report as text and for `--json`. */
export function reportAnswer(data: RunData): RecordAnswer {
  const analysis = analyseRun(data);
  return { kind: 'record', record: reportJson(data, analysis), text: reportText(data, analysis) };
}
