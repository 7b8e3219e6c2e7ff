import { makeSite, type Site } from '../slurm/support/site.ts';
import type { PerfEntry, PerfTable } from './support/entry.ts';

/** Fixed before the first run, and none is left out. */
const seeds = Array.from({ length: 20 }, (_, i) => `self ${i + 1}`);

/** 1,296 orders: so many that one of these runs alone could show a difference at the level of A/A. */
const design = ['--pairs', '16', '--allocations', '4', '--gap', '0'];

/** Always the same work, about a tenth of a second of one core. */
const work = "awk 'BEGIN { for (i = 0; i < 1500000; i += 1) s += i; print s }'";

interface Report {
  excluded: unknown[];
  metrics: { verdict: string; estimate: number; interval95: [number, number]; permutation_p: number }[];
}

async function repeat(site: Site, seed: string): Promise<(string | number)[]> {
  const run = [
    'bench',
    'run',
    'command',
    '--aa',
    '--seed',
    seed,
    ...design,
    '--set',
    `command=${work}`,
    '--wait',
    '--json',
  ];
  const { stdout, stderr } = await site.ctmgr(run, { user: 'admin1' });
  if (stdout === '') throw new Error(stderr);
  const { excluded, metrics } = JSON.parse(stdout) as Report;
  const [
    { verdict, estimate, interval95, permutation_p: p } = {
      verdict: 'none',
      estimate: 0,
      interval95: [0, 0] as const,
      permutation_p: 1,
    },
  ] = metrics;
  const percent = (value: number): number => Number((100 * Math.expm1(value)).toFixed(2));
  return [
    seed,
    verdict,
    percent(estimate),
    percent(interval95[0]),
    percent(interval95[1]),
    Number(p.toFixed(3)),
    excluded.length,
  ];
}

async function measure(): Promise<PerfTable[]> {
  const site = await makeSite({});
  try {
    const rows: (string | number)[][] = [];
    for (const seed of seeds) rows.push(await repeat(site, seed));
    const wrong = rows.filter(([, verdict]) => verdict !== 'equivalent' && verdict !== 'inconclusive');
    return [
      {
        caption: `${wrong.length} of ${rows.length} find a difference; with nothing wrong, 95 of 100 such series have none`,
        columns: ['seed', 'verdict', 'estimate %', '95 % from', 'to', 'p by permutation', 'excluded'],
        rows,
      },
    ];
  } finally {
    await site.remove();
  }
}

export const entry: PerfEntry = {
  title: 'twenty seeded runs of bare metal against itself, one after the other',
  needsCluster: true,
  measure,
};
