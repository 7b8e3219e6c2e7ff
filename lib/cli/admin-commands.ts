import type { CommandSpec } from './command-spec.ts';
import { dockerfileOptions } from './dockerfile-options.ts';

const overlayName = { type: 'string', demandOption: true, describe: 'Name of the overlay' } as const;
const message = { type: 'string', describe: 'Why, for the history' } as const;
const selector = {
  type: 'string',
  describe: 'Which recipes: all, distribution:NAME, package-manager:NAME, base:GLOB or recipe:GLOB',
} as const;
const steps = {
  type: 'string',
  array: true,
  nargs: 1,
  describe: 'A shell command; give it several times for several steps',
} as const;
const file = { type: 'string', describe: 'A file with one shell command per line (# starts a comment line)' } as const;

/** Commands that change definitions, and those that look at what only admins see. */
export const adminCommands: CommandSpec[] = [
  {
    usage: 'import <dockerfile>',
    summary: 'Store a Dockerfile, or a ready image, as a new version of a recipe',
    level: 'admin',
    lists: ['build-arg'],
    examples: [
      ['ctmgr import ./Dockerfile --name lammps', 'a Dockerfile that copies nothing'],
      ['ctmgr import app/Dockerfile --name app --context app', 'with the folder its COPY lines read'],
      ['ctmgr import Dockerfile --name mine --group projx', 'a private image'],
      ['ctmgr import app/Dockerfile --name app --no-pull-config', 'without asking a registry'],
      ['ctmgr import vendor.sif --name vendor --wait', 'a ready image; also oci-archive:FILE, docker-archive:FILE'],
      ['ctmgr import docker://debian:13 --name debian', 'a ready image, pulled by a job on a build node'],
    ],
    options: (yargs) =>
      dockerfileOptions(yargs, true)
        .positional('dockerfile', {
          type: 'string',
          demandOption: true,
          describe: 'Path of the Dockerfile; or FILE.sif, docker://REFERENCE, oci-archive:FILE, docker-archive:FILE',
        })
        .option('verify', {
          type: 'boolean',
          default: false,
          describe: 'Build it first, and store it only if that works',
        })
        .option('wait', { type: 'boolean', default: false, describe: 'Of a ready image: until it is published' })
        .option('name', { type: 'string', demandOption: true, requiresArg: true, describe: 'Name of the recipe' })
        .option('base-name', { type: 'string', requiresArg: true, describe: 'Name for the base image' })
        .option('class', { type: 'string', requiresArg: true, describe: 'Resource class of its builds' })
        .option('group', { type: 'string', requiresArg: true, describe: 'Only this group may see and use its images' })
        .option('public', { type: 'boolean', describe: 'Everybody may again' })
        .conflicts('group', 'public')
        .option('message', { ...message, requiresArg: true }),
    load: () => import('../commands/import.ts'),
  },
  {
    usage: 'render <recipe>',
    summary: 'The definition file of a recipe, overlays included',
    level: 'admin',
    examples: [
      ['ctmgr render lammps', 'what the next rebuild builds'],
      ['ctmgr render lammps:3', 'version 3 with the overlays of today'],
    ],
    options: (yargs) =>
      yargs.positional('recipe', { type: 'string', demandOption: true, describe: 'NAME or NAME:VERSION' }),
    load: () => import('../commands/render.ts'),
  },
  {
    usage: 'verify <what>',
    summary: 'Build and test a definition, and throw the image away',
    level: 'admin',
    lists: ['build-arg'],
    examples: [
      ['ctmgr verify app/Dockerfile --context app --wait', 'before it is imported'],
      ['ctmgr verify lammps --wait', 'a recipe with the overlays of today; lammps:3 is its version 3'],
      ['ctmgr verify verify-2026-11-22.1', 'how one that was started stands'],
    ],
    options: (yargs) =>
      dockerfileOptions(yargs, true)
        .positional('what', {
          type: 'string',
          demandOption: true,
          describe: 'Path of a Dockerfile, NAME or NAME:VERSION, or an earlier verification',
        })
        .option('name', { type: 'string', requiresArg: true, describe: 'Name it would get; its folder by default' })
        .option('class', { type: 'string', requiresArg: true, describe: 'Resource class of the build' })
        .option('wait', { type: 'boolean', default: false, describe: 'Until it has ended; 0 only if it builds' }),
    load: () => import('../commands/verify.ts'),
  },
  {
    usage: 'overlay add <name>',
    summary: 'Add steps to every matching recipe',
    level: 'admin',
    lists: ['run'],
    examples: [
      ["ctmgr overlay add software --run 'mkdir -p /usr/local/software'", 'for every recipe'],
      ['ctmgr overlay add certs --selector distribution:debian --file certs.txt', 'steps from a file, Debian only'],
    ],
    options: (yargs) =>
      yargs
        .positional('name', overlayName)
        .option('run', steps)
        .option('file', { ...file, requiresArg: true })
        .option('selector', { ...selector, default: 'all', requiresArg: true })
        .option('message', { ...message, requiresArg: true }),
    load: () => import('../commands/overlay-add.ts'),
  },
  {
    usage: 'overlay list',
    summary: 'Overlays in the order in which they apply',
    level: 'admin',
    listing: true,
    examples: [['ctmgr overlay list', 'name, version, selector']],
    load: () => import('../commands/overlay-list.ts'),
  },
  {
    usage: 'overlay show <name>',
    summary: 'Steps, versions and matching recipes of an overlay',
    level: 'admin',
    examples: [['ctmgr overlay show software', 'what it does and to whom']],
    options: (yargs) => yargs.positional('name', overlayName),
    load: () => import('../commands/overlay-show.ts'),
  },
  {
    usage: 'overlay edit <name>',
    summary: 'Make a new version of an overlay',
    level: 'admin',
    lists: ['run'],
    examples: [
      ["ctmgr overlay edit software --run 'mkdir -p /software' --message moved", 'new steps from the next rebuild on'],
    ],
    options: (yargs) =>
      yargs
        .positional('name', overlayName)
        .option('run', steps)
        .option('file', { ...file, requiresArg: true })
        .option('selector', { ...selector, requiresArg: true })
        .option('message', { ...message, requiresArg: true }),
    load: () => import('../commands/overlay-edit.ts'),
  },
  {
    usage: 'overlay remove <name>',
    summary: 'Stop applying an overlay; its versions stay in the history',
    level: 'admin',
    examples: [['ctmgr overlay remove software', 'from the next rebuild on']],
    options: (yargs) => yargs.positional('name', overlayName),
    load: () => import('../commands/overlay-remove.ts'),
  },
  {
    usage: 'overlay order <names..>',
    summary: 'Set the order in which overlays apply',
    level: 'admin',
    lists: ['names'],
    examples: [['ctmgr overlay order certs software', 'certs first']],
    options: (yargs) =>
      yargs.positional('names', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'All overlays, first one first',
      }),
    load: () => import('../commands/overlay-order.ts'),
  },
  {
    usage: 'base list',
    summary: 'Base images of the recipes',
    level: 'admin',
    listing: true,
    examples: [['ctmgr base list', 'reference, distribution, package manager']],
    load: () => import('../commands/base-list.ts'),
  },
  {
    usage: 'base set <name>',
    summary: 'Correct what ctmgr knows about a base image',
    level: 'admin',
    examples: [['ctmgr base set site-base --distribution rocky --package-manager dnf', 'overlays select by these']],
    options: (yargs) =>
      yargs
        .positional('name', { type: 'string', demandOption: true, describe: 'Name of the base image' })
        .option('distribution', { type: 'string', requiresArg: true, describe: 'Such as debian, rocky, alpine' })
        .option('package-manager', { type: 'string', requiresArg: true, describe: 'Such as apt, dnf, apk, zypper' }),
    load: () => import('../commands/base-set.ts'),
  },
  {
    usage: 'schedule',
    summary: 'Rebuilds that start by themselves, and when',
    level: 'admin',
    listing: true,
    examples: [
      ['ctmgr schedule', 'next run, last run and its result'],
      ['ctmgr schedule --print-systemd', 'timer units for a site that prefers those'],
      ['ctmgr schedule --run nightly', 'start one now, unless its tag before is unfinished (root)'],
    ],
    options: (yargs) =>
      yargs
        .option('print-crontab', { type: 'boolean', describe: 'Lines for crontab' })
        .option('print-scrontab', { type: 'boolean', describe: 'Lines for scrontab' })
        .option('print-systemd', { type: 'boolean', describe: 'Units for systemd' })
        .option('run', { type: 'string', requiresArg: true, describe: 'Start this schedule now' })
        .conflicts({
          'print-crontab': ['print-scrontab', 'print-systemd', 'run'],
          'print-scrontab': ['print-systemd', 'run'],
          'print-systemd': 'run',
        }),
    load: () => import('../commands/schedule.ts'),
  },
];
