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
      ['ctmgr rebuild lammps:3 --hold', 'version 3 of its recipe once more, beside the image that the name means'],
      ['ctmgr rebuild --changed', 'what differs from its newest image, and why'],
      ['ctmgr rebuild --hold', 'everything; names change only with ctmgr publish TAG'],
      ['ctmgr rebuild --dry-run', 'show what would be submitted, change nothing'],
    ],
    options: (yargs) =>
      yargs
        .positional('names', {
          type: 'string',
          array: true,
          default: [],
          describe: 'NAME or NAME:VERSION; all without one',
        })
        .option('changed', {
          type: 'boolean',
          default: false,
          describe: 'Only images whose recipe, overlays, base images, template or Apptainer have changed',
        })
        .option('wait', { type: 'boolean', default: false, describe: 'Show progress and wait for the end' })
        .option('dry-run', { type: 'boolean', default: false, describe: 'Change nothing' })
        .option('hold', { type: 'boolean', default: false, describe: 'Wait for ctmgr publish before names change' }),
    load: () => import('../commands/rebuild.ts'),
  },
  {
    usage: 'cancel <what>',
    summary: 'Stop builds that are not finished',
    level: 'root',
    examples: [
      ['ctmgr cancel 2026-11-22.1', 'everything of this build tag that is not finished'],
      ['ctmgr cancel lammps', 'this image, in whatever tag it is being built'],
      ['ctmgr cancel lammps:2026-11-22.1 --dry-run', 'show what would be stopped'],
      ['ctmgr cancel verify-2026-11-22.1', 'a verification build'],
    ],
    options: (yargs) =>
      yargs
        .positional('what', {
          type: 'string',
          demandOption: true,
          describe: 'TAG, NAME, NAME:TAG or a verification build',
        })
        .option('dry-run', { type: 'boolean', default: false, describe: 'Change nothing' }),
    load: () => import('../commands/cancel.ts'),
  },
  {
    usage: 'retry <what> [names..]',
    summary: 'Build once more what failed, in the same build tag',
    level: 'root',
    lists: ['names'],
    examples: [
      ['ctmgr retry 2026-11-22.1 --wait', 'everything of it that failed, was cancelled or got lost'],
      ['ctmgr retry 2026-11-22.1 lammps', 'only this image'],
      ['ctmgr retry lammps', 'this image, in the tag where it was built last'],
    ],
    options: (yargs) =>
      yargs
        .positional('what', { type: 'string', demandOption: true, describe: 'TAG, NAME or NAME:TAG' })
        .positional('names', {
          type: 'string',
          array: true,
          default: [],
          describe: 'Images of this TAG; all without one',
        })
        .option('wait', { type: 'boolean', default: false, describe: 'Show progress and wait for the end' })
        .option('dry-run', { type: 'boolean', default: false, describe: 'Change nothing' }),
    load: () => import('../commands/retry.ts'),
  },
  {
    usage: 'throttle <tag> <number>',
    summary: 'Change how many builds of a tag run at once',
    level: 'root',
    examples: [
      ['ctmgr throttle 2026-11-22.1 4', 'four of each job array; those that run go on'],
      ['ctmgr throttle 2026-11-22.1 0', 'no limit'],
    ],
    options: (yargs) =>
      yargs
        .positional('tag', { type: 'string', demandOption: true, describe: 'A build tag, YYYY-MM-DD.N' })
        .positional('number', { type: 'string', demandOption: true, describe: 'Builds of each array; 0: no limit' }),
    load: () => import('../commands/throttle.ts'),
  },
  {
    usage: 'publish <tag>',
    summary: 'Let the images of a held build tag go live together',
    level: 'root',
    examples: [
      ['ctmgr publish 2026-11-22.1', 'all of them; refused if one has failed'],
      ['ctmgr publish 2026-11-22.1 --partial', 'those that are good'],
      ['ctmgr publish 2026-11-22.1 --message "3 % are fine"', 'also what gates keep back, with the reason'],
    ],
    options: (yargs) =>
      yargs
        .positional('tag', { type: 'string', demandOption: true, describe: 'A build tag, YYYY-MM-DD.N' })
        .option('partial', { type: 'boolean', default: false, describe: 'Although some images are not good' })
        .option('message', {
          type: 'string',
          requiresArg: true,
          describe: 'Why, for the history; images go live in spite of their gates',
        }),
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
    usage: 'fsck',
    summary: 'Compare database, disk and Slurm',
    level: 'root',
    listing: true,
    examples: [
      ['ctmgr fsck', 'what differs; changes nothing'],
      ['ctmgr fsck --hash', 'also read every image and compare its checksum'],
      ['ctmgr fsck --repair', 'set links and catalogue right; deletes nothing'],
    ],
    options: (yargs) =>
      yargs
        .option('hash', { type: 'boolean', default: false, describe: 'Compare checksums, too (reads all images)' })
        .option('repair', { type: 'boolean', default: false, describe: 'Do what loses nothing' }),
    load: () => import('../commands/fsck.ts'),
  },
  {
    usage: 'backup <file>',
    summary: 'Write database and build contexts into one file',
    level: 'root',
    examples: [['ctmgr backup /backup/ctmgr-$(date +%F).tar', 'while everything runs']],
    options: (yargs) =>
      yargs.positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'A new file; only its owner can read it',
      }),
    load: () => import('../commands/backup.ts'),
  },
  {
    usage: 'restore <file>',
    summary: 'Take database and build contexts back from a backup',
    level: 'root',
    examples: [['ctmgr restore /backup/ctmgr-2026-11-22.tar', 'on a host whose state folder is lost']],
    options: (yargs) =>
      yargs
        .positional('file', { type: 'string', demandOption: true, describe: 'What ctmgr backup has written' })
        .option('replace', {
          type: 'boolean',
          default: false,
          describe: 'Keep the present database under another name',
        }),
    load: () => import('../commands/restore.ts'),
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
