import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';

import type { Definition } from '../benchmarks/definition.ts';
import { findBenchmark, type FoundBenchmark, listBenchmarks } from '../benchmarks/find-definition.ts';
import { marginText } from '../benchmarks/verdict-sentence.ts';
import type { Config } from '../config/schema.ts';
import { countNoun } from '../util/count-noun.ts';
import type { Answer, Column, Context } from './context.ts';

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'metric', title: 'METRIC' },
  { key: 'margin', title: 'MARGIN', align: 'right', show: (value) => marginText(value as number) },
  { key: 'summary', title: 'SUMMARY' },
  { key: 'needs', title: 'NEEDS', shown: false },
  { key: 'missing', title: 'MISSING', shown: false, show: (value) => (value as string[]).join(', ') },
];

/** `ctmgr bench list [NAME]`: the benchmarks there are, or all about one. */
export async function run(argv: { name?: string }, context: Context): Promise<Answer> {
  const { config } = context;
  if (argv.name !== undefined) {
    const found = await findBenchmark(config, argv.name);
    const record = { ...rowOf(found, config), definition: found.definition };
    return { kind: 'record', record, text: describe(found, config) };
  }
  const names = await listBenchmarks(config);
  const found = await Promise.all(names.map((name) => findBenchmark(config, name)));
  context.terminal.say('More about one: ctmgr bench list NAME');
  return { kind: 'table', columns, records: found.map((one) => rowOf(one, config)) };
}

function rowOf(found: FoundBenchmark, config: Config): Record<string, unknown> {
  const { summary, needs, metrics } = found.definition;
  return {
    name: found.name,
    metric: metrics[0]?.name ?? '',
    margin: metrics[0]?.margin ?? 0,
    summary,
    needs,
    missing: missingPrograms(found, config),
    of_site: found.ofSite,
  };
}

/** Programs whose path the configuration gives and that are not on this host; others are looked for on the nodes. */
function missingPrograms({ name, definition }: FoundBenchmark, config: Config): string[] {
  const programs = Object.values({ ...definition.programs, ...config.benchmarks[name]?.programs });
  return programs.filter((path) => isAbsolute(path) && !existsSync(path));
}

function describe(found: FoundBenchmark, config: Config): string {
  const { name, definition } = found;
  const { resources } = definition;
  const missing = missingPrograms(found, config);
  return [
    `${name}: ${definition.summary}`,
    '',
    `Needs: ${definition.needs}`,
    ...(missing.length === 0 ? [] : [`Not on this host: ${missing.join(', ')}`]),
    `Result: ${definition.parser ?? `what /${definition.pattern}/ finds`}`,
    ...definition.metrics.map(
      (metric, i) =>
        `  ${metric.name} in ${metric.unit || 'its own unit'}, ${metric.direction}, margin ${marginText(metric.margin)}${i === 0 ? ' (decides)' : metric.if_printed ? ' (if it was run)' : ''}`,
    ),
    `Asks for: ${countNoun(resources.nodes, 'node')}, ${countNoun(resources.tasks_per_node, 'task')} on each, ${resources.exclusive ? 'alone there' : 'shared'}; a leg may take ${resources.time} s, ${resources.gap} s rest`,
    'Parameters (--set NAME=VALUE):',
    ...parameterLines(definition),
    'Programs (config.toml, [benchmarks.NAME] programs and container_programs):',
    ...Object.entries({ ...definition.programs, ...config.benchmarks[name]?.programs }).map(
      ([variable, path]) => `  ${variable} = ${path}`,
    ),
    '',
    `Run it: ctmgr bench run ${name} --image IMAGE`,
    '',
  ].join('\n');
}

function parameterLines({ parameters }: Definition): string[] {
  return Object.entries(parameters).map(
    ([name, { summary, default: standard, echoed }]) =>
      `  ${name}${standard === undefined ? ' (needed)' : ` = ${standard}`}: ${summary}${echoed === undefined ? '' : '; both legs have to print it'}`,
  );
}
