import type { Argv } from 'yargs';

import type { CommandModule } from '../commands/context.ts';
import type { Level } from '../config/rights.ts';

/**
 * What the command line must know of a command before it runs. The implementation is loaded only when it is called;
 * it must stay in a file of its own, or a bundler folds the two together.
 */
export interface CommandSpec {
  /** Words and positionals in yargs' notation, such as `overlay add <name>`. */
  usage: string;
  aliases?: string[];
  summary: string;
  level: Level;
  /** Listings take `--parsable2 --noheader --format` as well. */
  listing?: boolean;
  /** Command lines with what each does, shown at the end of the help. */
  examples: [string, string][];
  /** Options and positionals that take several values. */
  lists?: string[];
  options?: (yargs: Argv) => Argv;
  load: () => Promise<CommandModule<never>>;
}

/** The words that name the command: `overlay add`. */
export function wordsOf(spec: CommandSpec): string[] {
  return spec.usage.split(' ').filter((word) => !/^[<[-]/.test(word));
}
