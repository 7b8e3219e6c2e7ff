import { findAll, InvalidOutput, type Measurement, type ParsedOutput, toPositive } from './output.ts';

/** How a column of the table is called in the output, and by us. */
const columns: [pattern: RegExp, metric: string][] = [
  [/^(Avg )?Latency ?\(us\)$/, 'latency'],
  [/^Bandwidth ?\(MB\/s\)$/, 'bandwidth'],
  [/^MB\/s$/, 'bandwidth'],
  [/^Messages\/s$/, 'message-rate'],
];

/**
 * OSU Micro-Benchmarks 5.6 to 7.5 (mvapich.cse.ohio-state.edu), one program's output: `latency` in µs, `bandwidth` in MB/s
 * or `message-rate` in 1/s by message size. The order of the header lines and the columns beside those (minimum, maximum,
 * validation, repetitions) differ between versions and options, so the header says which column is which. `repetitions` is one
 * number, or by size if they differ (`1:1000 2:100`); without that column nobody knows them.
 */
export function parseOsu(text: string): ParsedOutput {
  const [title, ...more] = findAll(text, /^# OSU MPI\S* (.+?) Test(?: v(\S+))?[ \t]*$/m);
  if (title === undefined) throw new InvalidOutput('the title of an OSU benchmark is missing');
  if (more.length > 0) throw new InvalidOutput(`the output holds ${more.length + 1} OSU benchmarks`);
  const header = findAll(text, /^# Size[ \t]+(.+)$/m)[0];
  if (header === undefined) throw new InvalidOutput('the column titles of the OSU benchmark are missing');
  // Titles hold single spaces; columns are at least two apart, or separated by tabs.
  const titles = (header[1] ?? '').trim().split(/\t+| {2,}/);
  const validation = titles.indexOf('Validation');
  const table = text
    .slice(header.index + header[0].length)
    .split('\n')
    .slice(1);
  const rows = table.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (rows.length === 0) throw new InvalidOutput('the table of the OSU benchmark is empty');
  const measurements = rows.flatMap((line): Measurement[] => {
    const [size = '', ...values] = line.split(/\s+/);
    if (!/^\d+$/.test(size) || values.length !== titles.length) {
      throw new InvalidOutput(`the OSU benchmark printed ${JSON.stringify(line.slice(0, 80))} in its table`);
    }
    if (validation >= 0 && values[validation] !== 'Pass') throw new InvalidOutput(`validation failed at ${size} bytes`);
    return titles.flatMap((name, at) => {
      const metric = columns.find(([pattern]) => pattern.test(name))?.[1];
      return metric === undefined
        ? []
        : [{ metric, size: Number(size), value: toPositive(values[at], `${name} at ${size} bytes`) }];
    });
  });
  if (measurements.length === 0) throw new InvalidOutput(`none of the columns ${titles.join(', ')} is known`);
  const sizes = rows.map((line) => line.split(/\s+/)[0] ?? '');
  const parameters = { test: title[1] ?? '', sizes: sizes.join(' '), largest: sizes.at(-1) ?? '' };
  return { measurements, parameters: { ...parameters, ...repetitionsOf(rows, titles) } };
}

function repetitionsOf(rows: readonly string[], titles: readonly string[]): Record<string, string> {
  const column = titles.indexOf('Iterations');
  if (column < 0) return {};
  const all = rows.map((line) => line.split(/\s+/)).map(([size, ...values]) => [size, values[column]] as const);
  const [[, first = ''] = []] = all;
  const same = all.every(([, value]) => value === first);
  return { repetitions: same ? first : all.map(([size, value]) => `${size}:${value}`).join(' ') };
}
