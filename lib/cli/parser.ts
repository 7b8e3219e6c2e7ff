import yargs, { type Argv } from 'yargs';

import { type Level, reaches } from '../config/rights.ts';
import { adminCommands } from './admin-commands.ts';
import { benchCommands } from './bench-commands.ts';
import { type CommandSpec, wordsOf } from './command-spec.ts';
import { standInAfterDash, type StandIns } from './double-dash.ts';
import { publishCommands } from './publish-commands.ts';
import { rootCommands } from './root-commands.ts';
import { explainComplaint, refuseSwitchValues, usageError } from './usage-error.ts';
import { userCommands } from './user-commands.ts';

export const allCommands: readonly CommandSpec[] = [
  ...userCommands,
  ...adminCommands,
  ...benchCommands,
  ...publishCommands,
  ...rootCommands,
];

/** A command line understood: which command, with which arguments. */
export interface Call {
  spec: CommandSpec;
  argv: Record<string, unknown>;
}

/** Help and version requests come back as text for standard output. */
export type Parsed = { kind: 'call'; call: Call } | { kind: 'text'; text: string };

/**
 * Understands a command line with the commands of `level` only: what lies above it does not exist, neither in help
 * nor by name. Throws a usage error (64), see `usageError`.
 */
export async function parseCommandLine(words: string[], level: Level, version: string): Promise<Parsed> {
  let call: Call | undefined;
  let output = '';
  const standIns = standInAfterDash(words);
  const specs = allCommands.filter((spec) => reaches(level, spec.level));
  const named = findSpec(standIns.words, specs);
  const parser = yargs()
    .scriptName('ctmgr')
    .usage('$0 <command>\n\nContainer images for this cluster: build, publish, use.')
    .version(version)
    .help()
    .alias('h', 'help')
    .option('json', { type: 'boolean', default: false, global: true, describe: 'One JSON document on standard output' })
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .strict()
    .demandCommand(1, 'a command is missing')
    .recommendCommands()
    .detectLocale(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .fail((message, error) => {
      // yargs throws its own complaints about the command line in some cases and reports them in others.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw explainComplaint(standIns.restore(message ?? error?.message ?? ''), { words, spec: named, specs });
    });
  register(parser, specs, ({ spec, argv }) => (call = { spec, argv: restoreValues(argv, standIns) }));
  await parser.parseAsync(standIns.words, {}, (_error, _argv, text) => {
    output = text;
  });
  if (output !== '') return { kind: 'text', text: `${output}\n` };
  if (call === undefined) throw usageError('a command is missing');
  refuseSwitchValues(standIns.words, call.argv, call.spec);
  return { kind: 'call', call };
}

/** The spec that the first words name; by default whatever its level, for a refusal that is not a lie. */
export function findSpec(words: string[], specs: readonly CommandSpec[] = allCommands): CommandSpec | undefined {
  const plain = words.filter((word) => !word.startsWith('-'));
  return specs.find((spec) => {
    const names = wordsOf(spec);
    const aliased = names.length === 1 && (spec.aliases ?? []).includes(plain[0] ?? '');
    return aliased || names.every((name, i) => plain[i] === name);
  });
}

/** What the commands of a group have in common. */
const groupSummaries: Record<string, string> = {
  overlay: 'Steps of the site that join matching recipes',
  base: 'Base images, and what overlays select them by',
  bench: 'Benchmarks: the container against bare metal',
};

function register(parser: Argv, specs: CommandSpec[], chosen: (call: Call) => void): void {
  const groupOf = (spec: CommandSpec): string | undefined => (wordsOf(spec).length > 1 ? wordsOf(spec)[0] : undefined);
  const groups = Map.groupBy(specs, groupOf);
  for (const spec of specs) {
    const group = groupOf(spec);
    const members = groups.get(group) ?? [];
    if (group === undefined) registerOne(parser, spec, spec.usage, chosen);
    // In its place among the others, with the first of its commands.
    else if (members[0] === spec) registerGroup(parser, group, members, chosen);
  }
}

function registerGroup(parser: Argv, group: string, members: CommandSpec[], chosen: (call: Call) => void): void {
  const verbs = members.map((spec) => wordsOf(spec)[1]).join('|');
  parser.command(group, `${groupSummaries[group]} (${verbs})`, (inner) => {
    for (const spec of members) registerOne(inner, spec, spec.usage.slice(group.length + 1), chosen);
    return inner.demandCommand(1, `ctmgr ${group} needs one of: ${verbs}`).strict();
  });
}

function registerOne(parser: Argv, spec: CommandSpec, usage: string, chosen: (call: Call) => void): void {
  parser.command({
    command: usage,
    aliases: spec.aliases ?? [],
    describe: spec.summary,
    builder: (inner) => {
      const withOptions = spec.options === undefined ? inner : spec.options(inner);
      const complete = spec.listing === true ? listingOptions(withOptions) : withOptions;
      return complete.example(spec.examples);
    },
    handler: (argv) => {
      refuseDoubled(argv, spec);
      chosen({ spec, argv });
    },
  });
}

/** Adds the options that every listing takes. */
export function listingOptions(parser: Argv): Argv {
  return parser
    .option('parsable2', { alias: 'P', type: 'boolean', default: false, describe: 'Fields separated by |' })
    .option('noheader', { alias: 'n', type: 'boolean', default: false, describe: 'No header line' })
    .option('format', { type: 'string', requiresArg: true, describe: 'Columns and widths: name,status%20,tag%-12' });
}

/** yargs makes a list of an option that is given twice; where only one value makes sense, neither is the right one. */
function refuseDoubled(argv: Record<string, unknown>, spec: CommandSpec): void {
  const doubled = Object.keys(argv).find(
    (key) => key !== '_' && Array.isArray(argv[key]) && !(spec.lists ?? []).includes(key),
  );
  if (doubled !== undefined) throw usageError(`--${doubled} is given twice`, spec);
}

function restoreValues(argv: Record<string, unknown>, { restore }: StandIns): Record<string, unknown> {
  const one = (value: unknown): unknown => (typeof value === 'string' ? restore(value) : value);
  return Object.fromEntries(
    Object.entries(argv).map(([key, value]) => [key, Array.isArray(value) ? value.map(one) : one(value)]),
  );
}
