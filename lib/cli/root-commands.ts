import type { CommandSpec } from './command-spec.ts';

/** Commands that build, run the service, or set the site up. */
export const rootCommands: CommandSpec[] = [
  {
    usage: 'rebuild [names..]',
    aliases: ['build-all'],
    summary: 'Build all or some images as Slurm job arrays',
    level: 'root',
    lists: ['names'],
    examples: [
      ['ctmgr rebuild --wait', 'everything; ends with 0 only if every image is good'],
      ['ctmgr rebuild lammps namd', 'only these; returns when Slurm has the jobs'],
      ['ctmgr rebuild --hold', 'everything; names change only with ctmgr publish TAG'],
      ['ctmgr rebuild --dry-run', 'show what would be submitted, change nothing'],
    ],
    options: (yargs) =>
      yargs
        .positional('names', { type: 'string', array: true, default: [], describe: 'Recipes; all without one' })
        .option('wait', { type: 'boolean', default: false, describe: 'Show progress and wait for the end' })
        .option('dry-run', { type: 'boolean', default: false, describe: 'Change nothing' })
        .option('hold', { type: 'boolean', default: false, describe: 'Wait for ctmgr publish before names change' }),
    load: () => import('../commands/rebuild.ts'),
  },
  {
    usage: 'publish <tag>',
    summary: 'Let the images of a held build tag go live together',
    level: 'root',
    examples: [
      ['ctmgr publish 2026-11-22.1', 'all of them; refused if one has failed'],
      ['ctmgr publish 2026-11-22.1 --partial', 'those that are good'],
    ],
    options: (yargs) =>
      yargs
        .positional('tag', { type: 'string', demandOption: true, describe: 'A build tag, YYYY-MM-DD.N' })
        .option('partial', { type: 'boolean', default: false, describe: 'Although some images are not good' }),
    load: () => import('../commands/publish.ts'),
  },
  {
    usage: 'poll',
    summary: 'One pass: carry on submissions, read states, publish',
    level: 'root',
    listing: true,
    examples: [
      ['ctmgr poll', 'for cron, when no service runs'],
      ['ctmgr poll --wait', 'until nothing is unfinished, with progress'],
    ],
    options: (yargs) =>
      yargs.option('wait', { type: 'boolean', default: false, describe: 'Until nothing is unfinished' }),
    load: () => import('../commands/poll.ts'),
  },
  {
    usage: 'service',
    summary: 'Poll for ever and start scheduled rebuilds',
    level: 'root',
    examples: [['ctmgr service', 'in the foreground, as systemd wants it']],
    load: () => import('../commands/service.ts'),
  },
  {
    usage: 'init',
    summary: 'Create configuration, folders and database',
    level: 'root',
    examples: [
      ['ctmgr init', 'with the defaults, or for an existing configuration'],
      ['ctmgr init --admin-group hpcadm --partition build', 'a first configuration with these'],
    ],
    options: (yargs) =>
      yargs
        .option('share', { type: 'string', requiresArg: true, describe: 'Shared folder for images' })
        .option('state', { type: 'string', requiresArg: true, describe: 'Local folder for the database' })
        .option('build-user', { type: 'string', requiresArg: true, describe: 'Service account that builds' })
        .option('admin-group', { type: 'string', requiresArg: true, describe: 'Group of the admins' })
        .option('partition', { type: 'string', requiresArg: true, describe: 'Partition of the build nodes' }),
    load: () => import('../commands/init.ts'),
  },
  {
    usage: 'migrate',
    summary: 'Bring the database schema up to this version',
    level: 'root',
    examples: [['ctmgr migrate', 'after an update of ctmgr']],
    load: () => import('../commands/migrate.ts'),
  },
];
