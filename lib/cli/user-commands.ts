import type { CommandSpec } from './command-spec.ts';
import { dockerfileOptions } from './dockerfile-options.ts';

/** Commands for everybody; they read the catalogue and never the database. */
export const userCommands: CommandSpec[] = [
  {
    usage: 'list',
    aliases: ['ls'],
    summary: 'Published images',
    level: 'user',
    listing: true,
    examples: [
      ['ctmgr list', 'every image that can be used now'],
      ['ctmgr list --all', 'also recipes without a good build yet'],
    ],
    options: (yargs) =>
      yargs.option('all', { type: 'boolean', default: false, describe: 'Also what has no image yet' }),
    load: () => import('../commands/list.ts'),
  },
  {
    usage: 'show <image>',
    summary: 'An image in detail, and how to use it',
    level: 'user',
    examples: [
      ['ctmgr show lammps', 'the current image'],
      ['ctmgr show lammps:2026-11-22.1', 'an exact one'],
    ],
    options: (yargs) => yargs.positional('image', imagePositional),
    load: () => import('../commands/show.ts'),
  },
  {
    usage: 'path <image>',
    summary: 'The exact file of an image',
    level: 'user',
    examples: [['apptainer exec "$(ctmgr path lammps)" lmp -help', 'use the file yourself']],
    options: (yargs) => yargs.positional('image', imagePositional),
    load: () => import('../commands/path.ts'),
  },
  {
    usage: 'history <name>',
    summary: 'Versions and builds of an image',
    level: 'user',
    listing: true,
    examples: [['ctmgr history lammps', 'every build, newest first']],
    options: (yargs) => yargs.positional('name', { type: 'string', demandOption: true, describe: 'Name of an image' }),
    load: () => import('../commands/history.ts'),
  },
  {
    usage: 'jobs <image>',
    summary: 'Which jobs use an image, or have used it',
    level: 'user',
    listing: true,
    examples: [
      ['ctmgr jobs lammps', 'every build of it, in the last seven days'],
      ['ctmgr jobs lammps:2026-11-22.1 --since=30d', 'an exact one'],
    ],
    options: (yargs) =>
      yargs.positional('image', imagePositional).option('since', {
        type: 'string',
        requiresArg: true,
        default: '7d',
        describe: 'How far back: 12h, 30d, 2026-11-22 or 2026-11-22T08:00',
      }),
    load: () => import('../commands/jobs.ts'),
  },
  {
    usage: 'diff <name> <a> [b]',
    summary: 'What differs between two builds or versions of an image',
    level: 'user',
    examples: [
      ['ctmgr diff lammps 2026-11-20.1', 'that build and the current one'],
      ['ctmgr diff lammps 2 3', 'two recipe versions: their newest builds'],
    ],
    options: (yargs) =>
      yargs
        .positional('name', { type: 'string', demandOption: true, describe: 'Name of an image' })
        .positional('a', { type: 'string', demandOption: true, describe: 'A build tag or the number of a version' })
        .positional('b', { type: 'string', describe: 'The same; what the name means now by default' }),
    load: () => import('../commands/diff.ts'),
  },
  {
    usage: 'inspect <file>',
    summary: 'Where an image file comes from',
    level: 'user',
    examples: [
      ['ctmgr inspect ./copy.sif', 'what it was made of, and whether it is a published image'],
      ['ctmgr inspect "$(ctmgr path lammps)" --json', 'for scripts'],
    ],
    options: (yargs) =>
      yargs.positional('file', { type: 'string', demandOption: true, describe: 'An image file (.sif)' }),
    load: () => import('../commands/inspect.ts'),
  },
  {
    usage: 'status [tag]',
    summary: 'Builds and their states',
    level: 'user',
    listing: true,
    examples: [
      ['ctmgr status', 'the newest build tag'],
      ['ctmgr status 2026-11-22.1 --json', 'for scripts'],
      ['ctmgr status --verifications', 'what is being verified or was, for admins'],
      ['ctmgr status --watch', 'until its end, with progress and an estimate; ends with 0 if every image is good'],
    ],
    options: (yargs) =>
      yargs
        .positional('tag', { type: 'string', describe: 'A build tag, YYYY-MM-DD.N, or a verification build' })
        .option('watch', { type: 'boolean', default: false, describe: 'Follow the builds to their end' })
        .option('verifications', { type: 'boolean', default: false, describe: 'All verification builds (admins)' }),
    load: () => import('../commands/status.ts'),
  },
  {
    usage: 'logs <image>',
    summary: 'The log of a build',
    level: 'user',
    examples: [
      ['ctmgr logs lammps', 'both streams of the newest build'],
      ['ctmgr logs lammps:2026-11-22.1 --err', 'only its standard error'],
      ['ctmgr logs verify-2026-11-22.1', 'of a verification build'],
    ],
    options: (yargs) =>
      yargs
        .positional('image', imagePositional)
        .option('err', { type: 'boolean', describe: 'Only standard error' })
        .option('out', { type: 'boolean', describe: 'Only standard output' })
        .conflicts('err', 'out'),
    load: () => import('../commands/logs.ts'),
  },
  {
    usage: 'modules <folder> [names..]',
    summary: 'Environment modules for images',
    level: 'user',
    lists: ['names'],
    examples: [
      ['ctmgr modules /opt/modulefiles/containers', 'one for each image; those of retired ones go'],
      ['ctmgr modules ~/modulefiles lammps --format=lua', 'of this image, for Lmod'],
    ],
    options: (yargs) =>
      yargs
        .positional('folder', { type: 'string', demandOption: true, describe: 'Where the modulefiles go' })
        .positional('names', { type: 'string', array: true, describe: 'Names of images; all by default' })
        .option('format', { choices: ['tcl', 'lua'] as const, default: 'tcl', describe: 'Lmod reads both' }),
    load: () => import('../commands/modules.ts'),
  },
  {
    usage: 'completion <shell>',
    summary: 'Completion of ctmgr, and of image names for srun, sbatch and salloc',
    level: 'user',
    examples: [
      ['eval "$(ctmgr completion bash)"', 'in ~/.bashrc'],
      ['eval "$(ctmgr completion zsh)"', 'in ~/.zshrc, after compinit'],
    ],
    options: (yargs) => yargs.positional('shell', { choices: ['bash', 'zsh'] as const, demandOption: true }),
    load: () => import('./completion.ts'),
  },
  {
    usage: 'config',
    summary: 'Effective settings and where each came from',
    level: 'user',
    listing: true,
    examples: [['ctmgr config', 'all settings']],
    load: () => import('../commands/config.ts'),
  },
  {
    usage: 'doctor',
    summary: 'Check the site: what is wrong, and what to do about it',
    level: 'user',
    examples: [
      ['ctmgr doctor', 'everything that you may check; nodes are looked at by short jobs'],
      ['ctmgr doctor --no-jobs', 'only what this host can tell'],
    ],
    options: (yargs) =>
      yargs
        .option('jobs', { type: 'boolean', default: true, describe: 'Look at nodes from inside, by short jobs' })
        .option('all-nodes', { type: 'boolean', default: false, describe: 'Not only one compute node a partition' }),
    load: () => import('../commands/doctor.ts'),
  },
  {
    usage: 'convert <dockerfile>',
    summary: 'A Dockerfile as an Apptainer definition file',
    level: 'user',
    lists: ['build-arg'],
    examples: [
      ['ctmgr convert Dockerfile', 'the definition file; what is lossy is said on standard error'],
      ['ctmgr convert app/Dockerfile --context app --strict', 'refuse what is lossy'],
      ['ctmgr convert Dockerfile --pull-config', 'with USER, WORKDIR, ENV … of the base image, from its registry'],
      ['ctmgr convert Dockerfile --target build --json', 'the steps that Docker would run, for scripts'],
    ],
    options: (yargs) =>
      dockerfileOptions(yargs, false)
        .positional('dockerfile', { type: 'string', demandOption: true, describe: 'Path of the Dockerfile' })
        .option('output', {
          type: 'string',
          requiresArg: true,
          describe: 'Write the definition and all that it reads into this new folder',
        }),
    load: () => import('../commands/convert.ts'),
  },
];

const imagePositional = { type: 'string', demandOption: true, describe: 'NAME, NAME:TAG or NAME@sha256:HEX' } as const;
