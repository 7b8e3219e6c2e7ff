import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { type CommandSpec, wordsOf } from './command-spec.ts';

/** A command line that cannot be understood, and what is known of it. */
export interface CommandLine {
  words: readonly string[];
  /** The command that it names, if there is one. */
  spec: CommandSpec | undefined;
  /** All that the caller may call. */
  specs: readonly CommandSpec[];
}

/** A usage error (64) that says where more is to be read; `spec`: the command. */
export function usageError(message: string, spec?: CommandSpec): CtmgrError {
  return new CtmgrError('usage', message, { hint: `${nameOf(spec)} --help` });
}

/** The same for what yargs has to say about a command line, in words that name what is wrong or missing. */
export function explainComplaint(complaint: string, line: CommandLine): CtmgrError {
  const called = line.spec === undefined ? nameOfGroup(line) : nameOf(line.spec);
  return new CtmgrError('usage', reword(complaint.replaceAll('\n', ' '), called, line), { hint: `${called} --help` });
}

function nameOf(spec: CommandSpec | undefined): string {
  return spec === undefined ? 'ctmgr' : `ctmgr ${wordsOf(spec).join(' ')}`;
}

/** `ctmgr overlay` for a line that names only the group, or a command that the group does not have. */
function nameOfGroup({ words, specs }: CommandLine): string {
  const first = plainWords(words)[0];
  return first !== undefined && specs.some((spec) => wordsOf(spec).length > 1 && wordsOf(spec)[0] === first)
    ? `ctmgr ${first}`
    : 'ctmgr';
}

function plainWords(words: readonly string[]): string[] {
  return words.filter((word) => !word.startsWith('-'));
}

function reword(complaint: string, called: string, { words, spec }: CommandLine): string {
  if (complaint.startsWith('Not enough non-option arguments') && spec !== undefined) {
    return `an argument is missing: ctmgr ${spec.usage}`;
  }
  const [, missing] = /^Missing required arguments?: (.+)$/.exec(complaint) ?? [];
  if (missing !== undefined) return `${asOptions(missing)} is missing`;
  const [, bare] = /^Not enough arguments following: (.+)$/.exec(complaint) ?? [];
  if (bare !== undefined) return `${asOptions(bare)} needs a value`;
  const [, one, other] = /^Arguments (\S+) and (\S+) are mutually exclusive$/.exec(complaint) ?? [];
  if (one !== undefined && other !== undefined) return `${asOptions(one)} and ${asOptions(other)} exclude each other`;
  const [, what, given, choices = ''] =
    /^Invalid values: +Argument: (\S+), Given: (.*), Choices: (.*)$/.exec(complaint) ?? [];
  if (what !== undefined) return `${what}: expected ${choices.replaceAll('"', '')}, found ${given}`;
  const [, near] = /^Did you mean (.+)\?$/.exec(complaint) ?? [];
  const [, unknown] = /^Unknown (?:arguments?|commands?): (.+)$/.exec(complaint) ?? [];
  const word = plainWords(words)[called === 'ctmgr' ? 0 : 1];
  if (spec === undefined && word !== undefined && (near ?? unknown) !== undefined) {
    return `there is no command ${quote(`${called} ${word}`)}${near === undefined ? '' : `; did you mean ${near}?`}`;
  }
  return unknown === undefined ? complaint : tellUnknown(unknown.split(', '), called, { words, spec });
}

function tellUnknown(names: string[], called: string, { words, spec }: Pick<CommandLine, 'words' | 'spec'>): string {
  const isLong = (name: string): boolean => words.some((word) => word.replace(/=.*$/s, '') === `--${name}`);
  const isShort = (name: string): boolean =>
    name.length === 1 && words.some((word) => /^-[^-]/.test(word) && word.includes(name));
  const options = names.flatMap((name) => (isLong(name) ? [`--${name}`] : isShort(name) ? [`-${name}`] : []));
  const others = names.filter((name) => !isLong(name) && !isShort(name)).map(quote);
  return [
    ...options.map((option) => `${option} is not an option of ${called}`),
    ...(others.length === 0 ? [] : [`too many arguments, ${others.join(', ')}: ctmgr ${spec?.usage ?? ''}`.trim()]),
  ].join('; ');
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
