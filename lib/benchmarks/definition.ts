import * as v from 'valibot';

import { describeIssue } from '../config/load-config.ts';
import { parseToml } from '../config/read-toml.ts';
import { CtmgrError } from '../util/errors.ts';
import { echoForms } from './echoed-value.ts';
import { parsers } from './parsers/parsers.ts';

const text = v.pipe(v.string(), v.minLength(1));
const shellName = v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]{0,30}$/));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const metric = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/)),
  unit: v.string(),
  direction: v.picklist(['lower-is-better', 'higher-is-better']),
  /** A fraction: 0.01 is 1 %. */
  margin: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
  /** Not every run has it: then the report is silent about it. */
  if_printed: v.optional(v.literal(true)),
});

const parameter = v.strictObject({
  summary: text,
  /** None: the caller has to give one. */
  default: v.optional(v.string()),
  /** A JavaScript regular expression for the whole value. */
  pattern: v.optional(text),
  /** The name under which the program prints it back: both legs have to have run with it. */
  echoed: v.optional(text),
  /** The form in which it is printed. */
  echoed_as: v.optional(v.picklist(echoForms), 'same'),
  /** Some versions of the program do not print it: then nothing can be compared. */
  if_printed: v.optional(v.boolean(), false),
});

const schema = v.strictObject({
  summary: text,
  needs: text,
  /** One of ctmgr's own, `wall-time`, or `command`: the pattern in the parameter `pattern`, without one the wall time. */
  parser: v.optional(v.picklist([...Object.keys(parsers), 'wall-time', 'command'])),
  /** In place of a parser: a regular expression whose group `value` is the first metric, other groups are parameters. */
  pattern: v.optional(text),
  metrics: v.pipe(v.array(metric), v.minLength(1)),
  resources: v.optional(
    v.strictObject({
      nodes: v.optional(count, 1),
      tasks_per_node: v.optional(count, 1),
      /** How many processes it needs, no more and no fewer: a number, or parameters whose product it is. */
      tasks: v.optional(v.union([count, v.pipe(v.array(shellName), v.minLength(1))])),
      /** A number, or the parameter that is one. */
      cpus_per_task: v.optional(v.union([count, shellName]), 1),
      exclusive: v.optional(v.boolean(), true),
      /** Most seconds that one leg may take. */
      time: v.optional(count, 1800),
      /** Seconds of rest after each leg. */
      gap: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 30),
      /** The name under which the program prints the number of its processes. */
      tasks_echoed: v.optional(text),
    }),
    {},
  ),
  parameters: v.optional(v.record(shellName, parameter), {}),
  /** Shell variable and default of every program that the script launches. */
  programs: v.optional(v.record(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,30}$/)), text), {}),
});

/** What `benchmark.toml` says. */
export type Definition = v.InferOutput<typeof schema>;

/**
 * Reads the text of a `benchmark.toml`. A configuration error (78) names every key that is wrong, and says what no single
 * key can: a benchmark has either a parser or a pattern, and names must not clash.
 */
export function readDefinition(source: string, path: string): Definition {
  const parsed = v.safeParse(schema, parseToml(source, `the benchmark ${path}`));
  const wrong = parsed.success ? contradictions(parsed.output) : parsed.issues.map(describeIssue);
  if (parsed.success && wrong.length === 0) return parsed.output;
  throw new CtmgrError('configuration', `the benchmark ${path} is not valid`, {
    why: wrong.join('; '),
    hint: 'correct the file; `ctmgr bench list` reads it again',
  });
}

function contradictions({ parser, pattern, parameters, programs, metrics, resources }: Definition): string[] {
  const reserved = ['nodes', 'tasks', 'tasks_per_node'];
  const { cpus_per_task, tasks } = resources;
  const named = [
    ...(typeof cpus_per_task === 'string' ? [['cpus_per_task', cpus_per_task] as const] : []),
    ...(Array.isArray(tasks) ? tasks.map((name) => ['tasks', name] as const) : []),
  ];
  return [
    ...named
      .filter(([, name]) => !Object.hasOwn(parameters, name))
      .map(([key, name]) => `resources.${key}: there is no parameter ${name}`),
    ...(metrics[0]?.if_printed ? ['the first metric cannot be one that only some runs have'] : []),
    ...((parser === undefined) === (pattern === undefined) ? ['give either parser or pattern'] : []),
    ...[...Object.keys(parameters), ...Object.keys(programs)]
      .filter((name, at, all) => reserved.includes(name) || all.indexOf(name) !== at)
      .map((name) => `${name} is taken`),
    ...Object.entries(parameters)
      .filter(([, { pattern: wanted }]) => wanted !== undefined && !isPattern(wanted))
      .map(([name]) => `parameters.${name}.pattern is no regular expression`),
  ];
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source).test('');
    return true;
  } catch {
    return false;
  }
}
