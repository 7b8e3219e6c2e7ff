import { lstat } from 'node:fs/promises';

import { analyseRun } from '../benchmarks/analyse-run.ts';
import { checkRun } from '../benchmarks/check-run.ts';
import { compareJson, compareRuns, compareText } from '../benchmarks/compare-runs.ts';
import { lastSelfRun, type SelfRun } from '../benchmarks/last-self-run.ts';
import { loadRunData } from '../benchmarks/load-run-data.ts';
import { reportCsv } from '../benchmarks/report-csv.ts';
import { reportJson } from '../benchmarks/report-json.ts';
import { reportText } from '../benchmarks/report-text.ts';
import type { RunData } from '../benchmarks/run-data.ts';
import { loadRunProvenance } from '../benchmarks/run-provenance.ts';
import { type BenchmarkRun, listBenchmarkRuns } from '../store/benchmark-runs.ts';
import type { Store } from '../store/open.ts';
import { briefErrorText, CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { writeFileAtomic } from '../util/write-file.ts';
import type { Answer, Context, RecordAnswer } from './context.ts';
import { requireBenchRun } from './require-bench-run.ts';

interface Arguments {
  run: string[];
  compare: boolean;
  image?: string;
  html?: string;
  csv: boolean;
  json: boolean;
}

/** `ctmgr bench report RUN`: what the run says, or several runs over time; from the database alone. */
export async function run(argv: Arguments, context: Context): Promise<Answer> {
  refuseContradictions(argv);
  if (argv.html !== undefined) await refuseOtherThanFile(argv.html);
  const store = await context.store();
  if (argv.compare || argv.image !== undefined) return compare(await chosenRuns(store, argv), store, argv, context);
  const row = await requireBenchRun(store, argv.run[0] ?? '');
  const data = await loadRunData(store, row);
  if (argv.html !== undefined) {
    // Drawing is heavy; nobody else has to load it.
    const { runPage } = await import('../benchmarks/html/run-page.ts');
    await writePage(argv.html, await runPage(data, analyseRun(data), await loadRunProvenance(store, row)), context);
  }
  return argv.csv ? { kind: 'text', text: reportCsv(data) } : reportAnswer(data, await lastSelfRun(store, row));
}

/** The report as text and for `--json`. */
export function reportAnswer(data: RunData, lastSelf: SelfRun | undefined): RecordAnswer {
  const analysis = analyseRun(data);
  const checks = checkRun(data, analysis, lastSelf);
  return { kind: 'record', record: reportJson(data, analysis, checks), text: reportText(data, analysis, checks) };
}

function refuseContradictions({ run: names, compare: several, image, html, csv, json }: Arguments): void {
  const hint = 'ctmgr bench report RUN, or --compare RUN RUN…, or --image NAME';
  if (csv && json) throw new CtmgrError('usage', '--csv and --json are two answers; give one of them');
  if (image !== undefined && (several || names.length > 0)) {
    throw new CtmgrError('usage', '--image takes all runs of an image; name no runs beside it', { hint });
  }
  const compares = several || image !== undefined;
  if (html === '') throw new CtmgrError('usage', '--html needs the name of a file');
  if (csv && compares) throw new CtmgrError('usage', '--csv holds the values of one run; runs are not compared in it');
  if (several && new Set(names).size < 2)
    throw new CtmgrError('usage', '--compare needs at least two different runs', { hint });
  if (!compares && names.length !== 1) throw new CtmgrError('usage', 'give one run, or --compare', { hint });
}

async function chosenRuns(store: Store, { run: names, image }: Arguments): Promise<BenchmarkRun[]> {
  if (image === undefined) return Promise.all([...new Set(names)].map((name) => requireBenchRun(store, name)));
  const rows = await listBenchmarkRuns(store);
  const found = rows.filter(({ image_name: name, image_tag: tag }) => image === name || image === `${name}:${tag}`);
  if (found.length > 0) return found;
  throw new CtmgrError('inputMissing', `no benchmark has run with the image ${quote(image)}`, {
    hint: 'ctmgr bench status',
  });
}

async function compare(rows: BenchmarkRun[], store: Store, { html }: Arguments, context: Context): Promise<Answer> {
  const series = compareRuns(await Promise.all(rows.map((row) => loadRunData(store, row))));
  if (html !== undefined) {
    const { comparePage } = await import('../benchmarks/html/compare-page.ts');
    await writePage(html, await comparePage(series), context);
  }
  return { kind: 'record', record: compareJson(series), text: compareText(series) };
}

/** The page takes the place of what is there: of a device, pipe or link, too, and root may do that to `/dev/null`. */
async function refuseOtherThanFile(path: string): Promise<void> {
  // What cannot be looked at is not there yet, or writing says why not.
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined || there.isFile()) return;
  throw new CtmgrError('cannotCreate', `cannot write ${path}`, {
    why: 'it is there and is no plain file',
    hint: 'give --html the name of a new file, or of one to replace',
  });
}

async function writePage(path: string, text: string, context: Context): Promise<void> {
  try {
    await writeFileAtomic(path, text, 0o644);
  } catch (error) {
    throw new CtmgrError('cannotCreate', `cannot write ${path}`, {
      why: briefErrorText(error),
      hint: 'give --html a file in a folder that is there and that you may write to',
    });
  }
  context.terminal.say(`Wrote ${path}`);
}
