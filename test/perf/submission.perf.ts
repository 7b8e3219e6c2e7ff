import { output, required } from '../slurm/support/cluster.ts';
import { busybox, makeSite, type Site } from '../slurm/support/site.ts';
import type { PerfEntry, PerfTable } from './support/entry.ts';

const recipes = 1000;

/** Seconds of a shell text in the cluster, by its own clock, as root. */
async function seconds(site: Site, text: string): Promise<number> {
  const timed = `start=$(date +%s.%N); { ${text}; } >/dev/null 2>&1; end=$(date +%s.%N); echo "$start $end"`;
  const [start, end] = (await output(['sh', '-c', timed], { env: site.env })).split(' ').map(Number);
  return Number(((end ?? 0) - (start ?? 0)).toFixed(2));
}

/** Two classes, both held, so that what is measured is the submission and not the cluster at work. */
const tables = ['small', 'big'].map((name) => `[classes.${name}]\nextra_arguments = ["--hold"]\n`).join('');

async function measure(): Promise<PerfTable[]> {
  const site = await makeSite({ tables });
  try {
    const dockerfile = `${site.inputs}/Dockerfile`;
    await site.write(dockerfile, `FROM ${busybox}\nRUN true\n`);
    await required(site.ctmgr(['overlay', 'add', 'software', '--run', 'mkdir -p /software'], { user: 'admin1' }));
    const program = '/opt/ctmgr/test/perf/support/import-many.ts';
    const node = '/opt/ctmgr/node_modules/node/bin/node';
    await output([node, program, dockerfile, String(recipes), 'small', 'big'], { env: site.env });
    const rebuild = await seconds(site, 'ctmgr rebuild');
    const arrays = await site.json<{ job: string }[]>(['status']);
    const jobs = new Set(arrays.map(({ job }) => job.split('_')[0]));
    const cancel = await seconds(site, `ctmgr cancel "$(ctmgr status -nP --format=tag | head -1)"`);
    const single = `for i in $(seq ${recipes}); do
      sbatch --hold --parsable --partition=build --uid=ctmgr --gid=ctmgr --chdir=/tmp --output=/dev/null --wrap=true
    done`;
    const loop = await seconds(site, single);
    await output(['scancel', '--user=ctmgr', '--state=PENDING']);
    return [
      {
        caption: `${recipes.toLocaleString('en')} recipes in two resource classes, to all submitted`,
        columns: ['how', 'sbatch', 'seconds'],
        rows: [
          ['ctmgr rebuild', jobs.size, rebuild],
          ['a loop of single sbatch', recipes, loop],
          ['ctmgr cancel TAG', 0, cancel],
        ],
      },
    ];
  } finally {
    await site.remove();
  }
}

export const entry: PerfEntry = { title: 'from `ctmgr rebuild` to all submitted', needsCluster: true, measure };
