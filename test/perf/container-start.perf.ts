import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { PerfEntry, PerfTable } from './support/entry.ts';

const rounds = 60;
const cluster = join(import.meta.dirname, '../cluster/cluster');

const inside = '/opt/ctmgr/test/perf/inside';

/** Runs a command in the cluster, on mgmt; what it prints. */
function inCluster(user: string, words: string[]): string {
  return execFileSync(cluster, ['exec', '-u', user, '--', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

const oneDigit = (value: number): number => Math.round(value * 10) / 10;

function measure(): PerfTable[] {
  const rows: (string | number)[][] = [];
  const traces: (string | number)[][] = [];
  try {
    for (const count of [10, 10_000]) {
      inCluster('root', [`${inside}/prepare-share`, String(count)]);
      // The first round warms caches and does not count.
      const hold = ['/usr/bin/salloc', '-Q', '-N1', '-w', 'c3'];
      const lines = inCluster('alice', [...hold, `${inside}/time-starts`, String(count), String(rounds)])
        .trim()
        .split('\n');
      const times = new Map<string, number[]>();
      for (const line of lines) {
        const at = line.lastIndexOf(' ');
        const way = line.slice(0, at);
        times.set(way, [...(times.get(way) ?? []), Number(line.slice(at + 1)) / 1000]);
      }
      const byHand = (times.get('by hand') ?? []).slice(1);
      for (const [way, all] of times) {
        const values = all.slice(1);
        const added = values.map((value, index) => value - (byHand[index] ?? Number.NaN));
        rows.push([
          count,
          way,
          values.length,
          oneDigit(median(values)),
          oneDigit(median(values) - median(byHand)),
          oneDigit(median(added)),
        ]);
      }
      for (const line of inCluster('root', [`${inside}/trace-start`, String(count)])
        .trim()
        .split('\n')) {
        const [way = '', ...counts] = line.split('|');
        traces.push([count, way, ...counts.map(Number)]);
      }
    }
  } finally {
    inCluster('root', [
      'sh',
      '-c',
      'rm -rf /srv/ctmgr/perf-* /srv/ctmgr/perf.sif /etc/ctmgr/perf* /etc/slurm/perf.conf',
    ]);
  }
  return [
    {
      caption: `Starting \`true\` in an image, ${rounds} alternating rounds inside one job, milliseconds`,
      columns: ['images', 'way', 'runs', 'median', 'difference of medians', 'median of differences'],
      rows,
    },
    {
      caption: 'Programs started and files opened on the share for one task',
      columns: ['images', 'way', 'client: programs', 'client: files', 'node: programs', 'node: files'],
      rows: traces,
    },
  ];
}

export const entry: PerfEntry = {
  title: '--container=NAME through plugin and wrapper',
  needsCluster: true,
  measure: async () => measure(),
};
