import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { PerfEntry, PerfTable } from './support/entry.ts';

/** Runs every `*.perf.ts` beside this file, or those that are named, one after the other, and prints what they measure. */

const wanted = process.argv.slice(2);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.perf.ts'))
  .map((file) => file.replace(/\.perf\.ts$/, ''));

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printTable({ caption, columns, rows }: PerfTable): void {
  const cells = rows.map((row) => row.map(String));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const isNumber = columns.map((_, index) => rows.every((row) => typeof row[index] === 'number'));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => (isNumber[index] ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd();
  print(`\n${caption}`);
  print(line(columns));
  print(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const row of cells) print(line(row));
}

function isClusterUp(): boolean {
  const cluster = join(import.meta.dirname, '../cluster/cluster');
  return spawnSync(cluster, ['status'], { stdio: 'ignore' }).status === 0;
}

const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  print(`There is no ${unknown.join(', ')}; there are ${names.join(', ')}.`);
  process.exitCode = 64;
} else {
  print(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown processor'}`);
  for (const name of wanted.length > 0 ? wanted : names) {
    const { entry } = (await import(`./${name}.perf.ts`)) as { entry: PerfEntry };
    print(`\n== ${name}: ${entry.title}`);
    if (entry.needsCluster && !isClusterUp())
      print('NOT MEASURED: needs the cluster, start it with test/cluster/cluster up');
    else for (const table of await entry.measure()) printTable(table);
  }
}
