import { CtmgrError } from '../util/errors.ts';
import { type CommandSpec, wordsOf } from './command-spec.ts';

/** A usage error (64) for what yargs has to say about a command line, in words that name what is missing; `spec`: its command. */
export function usageError(complaint: string, spec?: CommandSpec): CtmgrError {
  const name = spec === undefined ? 'ctmgr' : `ctmgr ${wordsOf(spec).join(' ')}`;
  return new CtmgrError('usage', reword(complaint.replaceAll('\n', ' '), spec), { hint: `${name} --help` });
}

function reword(complaint: string, spec: CommandSpec | undefined): string {
  if (complaint.startsWith('Not enough non-option arguments') && spec !== undefined) {
    return `an argument is missing: ctmgr ${spec.usage}`;
  }
  const [, missing] = /^Missing required arguments?: (.+)$/.exec(complaint) ?? [];
  if (missing !== undefined) return `${asOptions(missing)} is missing`;
  const [, bare] = /^Not enough arguments following: (.+)$/.exec(complaint) ?? [];
  if (bare !== undefined) return `${asOptions(bare)} needs a value`;
  return complaint.startsWith('Did you mean') ? `there is no such command. ${complaint}` : complaint;
}

function asOptions(names: string): string {
  return names
    .split(', ')
    .map((name) => (name.length === 1 ? `-${name}` : `--${name}`))
    .join(', ');
}

/**
 * Refuses `--dry-run=yes`: yargs takes every value of a switch but `true` for `false`, so that the command would do in earnest
 * what was only to be shown. `words`: the command line that `argv` was made of.
 */
export function refuseSwitchValues(words: readonly string[], argv: Record<string, unknown>, spec: CommandSpec): void {
  for (const word of words) {
    const [, name = '', value = ''] = /^--?([^=]+)=(.*)$/s.exec(word) ?? [];
    if (typeof argv[name] === 'boolean' && value !== 'true' && value !== 'false') {
      throw usageError(`--${name} is a switch and takes no value but true and false`, spec);
    }
  }
}
