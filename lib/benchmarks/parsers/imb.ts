import { findOne, InvalidOutput, type Measurement, type ParsedOutput, toNumber } from './output.ts';

/** Columns of time, the slowest process where there is a choice: a collective operation is done when all are. */
const timeColumns = ['t[usec]', 't_max[usec]'];
const bandwidthColumn = 'Mbytes/sec';

/**
 * IMB-MPI1 2019 to 2021 (Intel MPI Benchmarks; Mbyte is 10^6 bytes): for each benchmark in the output `NAME-time` in µs and,
 * where it prints one, `NAME-bandwidth` in MB/s, by message size; Uniband and Biband print no times. IMB may choose repetitions by itself and then choose
 * differently in each leg, so they count as parameters; `repetitions` is what its command line says (`-iter`). A printed 0.00 µs is below its resolution and no result.
 * A collective operation has no result without content either: it sends nothing then, and IMB times an empty call (0.03 µs or none).
 */
export function parseImb(text: string): ParsedOutput {
  findOne(text, /^# All processes entering MPI_Finalize[ \t]*$/m, 'the end marker of IMB');
  const blocks = text.split(/^# Benchmarking /m).slice(1);
  if (blocks.length === 0) throw new InvalidOutput('no benchmark of IMB is in the output');
  const parsed = blocks.map(parseBlock);
  const names = parsed.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new InvalidOutput(`${twice} of IMB occurs twice`);
  return {
    measurements: parsed.flatMap(({ measurements }) => measurements),
    parameters: Object.assign(repetitionsAskedFor(text), ...parsed.map(({ parameters }) => parameters)),
  };
}

function repetitionsAskedFor(text: string): Record<string, string> {
  const [, line = ''] = /^# Calling sequence was:[ \t]*\n(?:[ \t]*\n|#[ \t]*\n)*# (.+)$/m.exec(text) ?? [];
  const repetitions = / -iter (\d+)(?: |$)/.exec(line)?.[1];
  return repetitions === undefined ? {} : { repetitions };
}

interface Block extends ParsedOutput {
  name: string;
}

function parseBlock(block: string): Block {
  const name = (/^\S+/.exec(block)?.[0] ?? '').toLowerCase();
  const processes = /^# #processes = (\d+)/m.exec(block)?.[1];
  const lines = block.split('\n');
  const header = lines.findIndex((line) => line.trim().startsWith('#bytes'));
  if (processes === undefined || header < 0) throw new InvalidOutput(`the table of ${name} of IMB is cut off`);
  const columns = lines[header]?.trim().split(/\s+/) ?? [];
  const end = lines.findIndex((line, at) => at > header && line.trim() === '');
  const rows = lines.slice(header + 1, end < 0 ? undefined : end).map((line) => line.trim().split(/\s+/));
  const time = columns.findIndex((column) => timeColumns.includes(column));
  const bandwidth = columns.indexOf(bandwidthColumn);
  if ((time < 0 && bandwidth < 0) || rows.length === 0) {
    throw new InvalidOutput(`the table of ${name} of IMB has neither times nor bandwidths`);
  }
  // Those have no bandwidth.
  const collective = bandwidth < 0;
  const measurements: Measurement[] = [];
  const repetitions: string[] = [];
  for (const row of rows) {
    if (row.length !== columns.length) throw new InvalidOutput(`a line of ${name} of IMB has ${row.length} columns`);
    const size = toNumber(row[0], `a message size of ${name}`);
    const value = (column: number): number => toNumber(row[column], `${columns[column]} of ${name} at ${size} bytes`);
    if (time >= 0 && (size > 0 || !collective))
      measurements.push({ metric: `${name}-time`, size, value: aboveZero(value(time), name, size) });
    // Messages without content have no bandwidth.
    if (bandwidth >= 0 && size > 0) measurements.push({ metric: `${name}-bandwidth`, size, value: value(bandwidth) });
    repetitions.push(`${size}:${row[1]}`);
  }
  const parameters = { [`${name}-processes`]: processes, [`${name}-repetitions`]: repetitions.join(' ') };
  return { name, measurements, parameters };
}

function aboveZero(value: number, name: string, size: number): number {
  if (value === 0) throw new InvalidOutput(`${name} at ${size} bytes took less than IMB can show`);
  return value;
}
