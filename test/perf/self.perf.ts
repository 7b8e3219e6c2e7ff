import { makeSite, type Site } from '../slurm/support/site.ts';
import type { PerfEntry, PerfTable } from './support/entry.ts';

/** Fixed before the first run, and none is left out. */
const seeds = Array.from({ length: 20 }, (_, i) => `self ${i + 1}`);

/** 1,296 orders: so many that one of these runs alone could show a difference at the level of A/A. */
const design = ['--pairs', '16', '--allocations', '4', '--gap', '0'];

const workloads = [
  {
    what: 'Wall time of always the same work, on whatever else the machine does',
    words: ['--set', "command=awk 'BEGIN { for (i = 0; i < 1500000; i += 1) s += i; print s }'"],
  },
  {
    what: 'A number with a scatter of 0.03 %, whatever the machine does',
    words: [
      '--set',
      `command=awk -v n="$(od -An -N2 -tu2 /dev/urandom)" 'BEGIN { printf "value %.6f\\n", 100 + n / 655360 }'`,
      '--set',
      'pattern=^value (?<value>\\S+)$',
    ],
  },
];

interface Report {
  excluded: unknown[];
  metrics: [{ verdict: string; estimate: number; interval95: [number, number]; permutation_p: number }];
}

async function repeat(site: Site, seed: string, words: readonly string[]): Promise<(string | number)[]> {
  const run = ['bench', 'run', 'command', '--aa', '--seed', seed, ...design, ...words, '--wait', '--json'];
  const { stdout, stderr } = await site.ctmgr(run, { user: 'admin1' });
  if (stdout === '') throw new Error(stderr);
  const { excluded, metrics } = JSON.parse(stdout) as Report;
  const [{ verdict, estimate, interval95, permutation_p: p }] = metrics;
  const percents = [estimate, ...interval95].map((value) => Number((100 * Math.expm1(value)).toFixed(3)));
  return [seed, verdict, ...percents, Number(p.toFixed(3)), excluded.length];
}

async function series(site: Site, { what, words }: (typeof workloads)[number]): Promise<PerfTable> {
  const rows: (string | number)[][] = [];
  for (const seed of seeds) rows.push(await repeat(site, seed, words));
  const wrong = rows.filter(([, verdict]) => verdict !== 'equivalent' && verdict !== 'inconclusive').length;
  return {
    caption: `${what}: ${wrong} of ${rows.length} find a difference; with nothing wrong, none does in 95 of 100 such series`,
    columns: ['seed', 'verdict', 'estimate %', '95 % from', 'to', 'p by permutation', 'excluded'],
    rows,
  };
}

async function measure(): Promise<PerfTable[]> {
  const site = await makeSite({});
  try {
    const tables: PerfTable[] = [];
    for (const workload of workloads) tables.push(await series(site, workload));
    return tables;
  } finally {
    await site.remove();
  }
}

export const entry: PerfEntry = {
  title: 'twenty seeded runs of bare metal against itself, one after the other',
  needsCluster: true,
  measure,
};
