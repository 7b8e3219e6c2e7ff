import type { CommandSpec } from './command-spec.ts';

const runName = { type: 'string', demandOption: true, describe: 'A benchmark run, such as hpl-2026-11-22.1' } as const;
const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;
const wait = { type: 'boolean', default: false, describe: 'Until the jobs are over, then report' } as const;

/** Commands that compare the container with bare metal. */
export const benchCommands: CommandSpec[] = [
  {
    usage: 'bench list [name]',
    summary: 'Benchmarks: what each measures and needs',
    level: 'admin',
    listing: true,
    examples: [
      ['ctmgr bench list', 'all of them'],
      ['ctmgr bench list hpl', 'metrics, parameters and programs of one'],
    ],
    options: (yargs) => yargs.positional('name', { type: 'string', describe: 'A benchmark' }),
    load: () => import('../commands/bench-list.ts'),
  },
  {
    usage: 'bench run <name>',
    summary: 'Run a benchmark in pairs, bare metal and container, in random order',
    level: 'admin',
    lists: ['set'],
    examples: [
      ['ctmgr bench run hpl --image hpl --nodes 4 --set N=115584', '20 pairs in 5 allocations of four nodes'],
      ["ctmgr bench run command --image app --set command='python3 x.py' --pairs 12 --wait", 'wall time of a command'],
      ['ctmgr bench run stream --aa', 'bare metal against itself: the method must find nothing'],
    ],
    options: (yargs) =>
      yargs
        .positional('name', { type: 'string', demandOption: true, describe: 'A benchmark; see bench list' })
        .option('image', text('NAME, NAME:TAG or NAME@sha256:HEX'))
        .option('pairs', {
          ...text('Pairs in all, an even number; fewer than 10 cannot show a difference'),
          default: '20',
        })
        .option('allocations', text('Job array elements that they are spread over; 5, or fewer with few pairs'))
        .option('nodes', text('Nodes of each allocation'))
        .option('tasks-per-node', text('Processes on each node'))
        .option('margin', text('The difference that does not matter, such as 1%'))
        .option('seed', text('Draws the same order again; a new one by default'))
        .option('set', { type: 'string', array: true, nargs: 1, default: [], describe: 'K=V for a parameter' })
        .option('gap', text('Seconds of rest after each run'))
        .option('constraint', text('Features of the nodes, as for sbatch'))
        .option('aa', { type: 'boolean', default: false, describe: 'Both legs on bare metal' })
        .option('dry-run', { type: 'boolean', default: false, describe: 'Show plan and script, change nothing' })
        .option('wait', wait),
    load: () => import('../commands/bench-run.ts'),
  },
  {
    usage: 'bench status [run]',
    summary: 'How far benchmark runs are',
    level: 'admin',
    listing: true,
    examples: [['ctmgr bench status', 'all runs']],
    options: (yargs) => yargs.positional('run', { ...runName, demandOption: false }),
    load: () => import('../commands/bench-status.ts'),
  },
  {
    usage: 'bench resume <run>',
    summary: 'Run the pairs that a benchmark run still lacks',
    level: 'admin',
    examples: [['ctmgr bench resume hpl-2026-11-22.1 --wait', 'after a job was killed']],
    options: (yargs) => yargs.positional('run', runName).option('wait', wait),
    load: () => import('../commands/bench-resume.ts'),
  },
  {
    usage: 'bench report [run..]',
    summary: 'What a benchmark run says: verdict, estimates, what does not count',
    level: 'admin',
    lists: ['run'],
    examples: [
      ['ctmgr bench report hpl-2026-11-22.1', 'for people'],
      ['ctmgr bench report hpl-2026-11-22.1 --html hpl.html', 'and as a page with figures'],
      ['ctmgr bench report hpl-2026-11-22.1 --csv', 'every number, for other programs'],
      ['ctmgr bench report --image hpl --html hpl.html', 'all runs of an image over time'],
    ],
    options: (yargs) =>
      yargs
        .positional('run', { ...runName, demandOption: false, array: true, default: [] })
        .option('compare', { type: 'boolean', default: false, describe: 'Several runs over time' })
        .option('image', text('All runs of NAME, or of NAME:TAG, over time'))
        .option('html', text('Also write a page with figures, one file that needs nothing else'))
        .option('csv', { type: 'boolean', default: false, describe: 'All values as CSV (RFC 4180)' }),
    load: () => import('../commands/bench-report.ts'),
  },
  {
    usage: 'bench gate [name]',
    summary: 'Benchmarks that images have to pass before their names mean them',
    level: 'admin',
    listing: true,
    examples: [
      ['ctmgr bench gate', 'all gates, and the images that they keep back'],
      ['ctmgr bench gate hpl', 'what one gate has decided about every image'],
    ],
    options: (yargs) => yargs.positional('name', { type: 'string', describe: 'A table [gates.NAME] of config.toml' }),
    load: () => import('../commands/bench-gate.ts'),
  },
];
