import type { CommandSpec } from './command-spec.ts';

const name = { type: 'string', demandOption: true, describe: 'Name of the image' } as const;
const tag = { type: 'string', describe: 'A build tag, YYYY-MM-DD.N' } as const;
const message = { type: 'string', requiresArg: true, describe: 'Why, for the history' } as const;

/** Commands that decide what names mean and what is kept. */
export const publishCommands: CommandSpec[] = [
  {
    usage: 'rollback <name> [tag]',
    summary: 'Let a name mean an earlier build',
    level: 'admin',
    examples: [
      ['ctmgr rollback lammps', 'the good build before the current one'],
      ['ctmgr rollback lammps 2026-11-22.1 --message "wrong results"', 'an exact one, with the reason'],
    ],
    options: (yargs) => yargs.positional('name', name).positional('tag', tag).option('message', message),
    load: () => import('../commands/rollback.ts'),
  },
  {
    usage: 'pin <name> [tag]',
    summary: 'Keep what a name means, whatever is built later',
    level: 'admin',
    examples: [
      ['ctmgr pin lammps', 'the current build'],
      ['ctmgr pin lammps 2026-11-22.1', 'that one'],
    ],
    options: (yargs) => yargs.positional('name', name).positional('tag', tag).option('message', message),
    load: () => import('../commands/pin.ts'),
  },
  {
    usage: 'unpin <name>',
    summary: 'Let the next good build take a name over again',
    level: 'admin',
    examples: [['ctmgr unpin lammps', 'it keeps its meaning until then']],
    options: (yargs) => yargs.positional('name', name).option('message', message),
    load: () => import('../commands/unpin.ts'),
  },
  {
    usage: 'retire <name>',
    summary: 'Offer and build a name no longer',
    level: 'admin',
    examples: [['ctmgr retire lammps --message "use lammps-gpu"', 'history and running jobs stay']],
    options: (yargs) => yargs.positional('name', name).option('message', message),
    load: () => import('../commands/retire.ts'),
  },
  {
    usage: 'usage',
    summary: 'What images take on the share, by group or by name',
    level: 'admin',
    listing: true,
    examples: [
      ['ctmgr usage', 'for each group'],
      ['ctmgr usage --images', 'for each name, the largest first'],
    ],
    options: (yargs) =>
      yargs.option('images', { type: 'boolean', default: false, describe: 'For each name instead of each group' }),
    load: () => import('../commands/usage.ts'),
  },
  {
    usage: 'gc',
    summary: 'Delete what nobody needs any more',
    level: 'root',
    listing: true,
    examples: [
      ['ctmgr gc', 'the plan: what would go and why; changes nothing'],
      ['ctmgr gc --delete', 'carry it out'],
    ],
    options: (yargs) =>
      yargs.option('delete', { type: 'boolean', default: false, alias: 'yes', describe: 'Carry out the plan' }),
    load: () => import('../commands/gc.ts'),
  },
];
