import { output, required } from '../slurm/support/cluster.ts';
import { inspectSite } from '../slurm/support/inside.ts';
import { makeSite, slowDockerfile } from '../slurm/support/site.ts';
import type { PerfEntry, PerfTable } from './support/entry.ts';

const builds = 64;

/** The test cluster's two build nodes have two processors each, and a build asks for one. */
const places = 4;

interface Build {
  started: number;
  ended: number;
  /** Milliseconds from the result file to the link that makes the image current. */
  published: number;
}

async function measure(): Promise<PerfTable[]> {
  const site = await makeSite();
  try {
    // What sites have by default, and not what tests do.
    const config = await output(['cat', site.env['CTMGR_CONFIG'] ?? '']);
    const usual = config.replace(/^(results_interval|slurm_interval|slurm_interval_max) = .*\n/gm, '');
    await site.write(site.env['CTMGR_CONFIG'] ?? '', usual);
    const dockerfile = `${site.inputs}/Dockerfile`;
    await site.write(dockerfile, slowDockerfile(10));
    const node = '/opt/ctmgr/node_modules/node/bin/node';
    const program = '/opt/ctmgr/test/perf/support/import-many.ts';
    await output([node, program, dockerfile, String(builds), 'default'], { env: site.env });
    await required(site.ctmgr(['rebuild', '--wait']));
    const { files } = await inspectSite(site);
    const results = Object.entries(files).filter(([path]) => /^results\/.*\.json$/.test(path));
    const all: Build[] = results.map(([, { text, modified }]) => {
      const { started, ended, message } = JSON.parse(text ?? '') as { started: number; ended: number; message: string };
      const name = /([^/]+\.sif)$/.exec(message)?.[1];
      return { started, ended, published: (files[`current/${name}`]?.modified ?? NaN) - modified };
    });
    const work = all.reduce((sum, { started, ended }) => sum + ended - started, 0);
    const makespan = Math.max(...all.map(({ ended }) => ended)) - Math.min(...all.map(({ started }) => started));
    const delays = all.map(({ published }) => published).sort((a, b) => a - b);
    const seconds = (milliseconds: number | undefined): number => Number(((milliseconds ?? NaN) / 1000).toFixed(2));
    return [
      {
        caption: `${builds} equal builds, ${places} at once`,
        columns: ['what', 'seconds', 'of ideal'],
        rows: [
          ['ideal: the sum of all builds shared by the places', Math.round(work / places), 1],
          ['from the first start to the last end', makespan, Number((makespan / (work / places)).toFixed(2))],
          ['one after another', work, places],
        ],
      },
      {
        caption: 'From the end of a build to its publication',
        columns: ['', 'seconds'],
        rows: [
          ['median', seconds(delays[Math.floor(delays.length / 2)])],
          ['longest', seconds(delays.at(-1))],
        ],
      },
    ];
  } finally {
    await site.remove();
  }
}

export const entry: PerfEntry = { title: 'many builds on few nodes', needsCluster: true, measure };
