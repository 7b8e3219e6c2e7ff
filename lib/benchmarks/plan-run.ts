import type { BenchmarkSettings, Config } from '../config/schema.ts';
import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { shellQuote } from '../util/shell-quote.ts';
import { renderTemplate } from '../util/template.ts';
import { type Plan, drawPlan } from './draw-plan.ts';
import { echoedValue } from './echoed-value.ts';
import type { FoundBenchmark } from './find-definition.ts';
import type { MetricDefinition } from './run-data.ts';
import { chooseMetrics } from './choose-parser.ts';

/** What somebody wants to have measured. */
export interface RunRequest {
  /** Undefined: both legs are bare metal. */
  image: { name: string; tag: string; sha256: string; file: string } | undefined;
  pairs: number;
  allocations: number;
  seed: string;
  parameters: Record<string, string>;
  nodes: number | undefined;
  tasksPerNode: number | undefined;
  /** A fraction, for every metric. */
  margin: number | undefined;
  gap: number | undefined;
  constraint: string | undefined;
  /** Names of the metrics that decide; undefined: the first one. */
  deciding?: readonly string[] | undefined;
}

/** How the legs are run: stored with the run, so that a resumed one runs in the same way. */
export interface RunSettings {
  nodes: number;
  tasksPerNode: number;
  cpusPerTask: number;
  exclusive: boolean;
  /** Seconds. */
  legTime: number;
  gap: number;
  programs: { bare: Record<string, string>; container: Record<string, string> };
  modules: string[];
  srunArguments: string[];
  apptainer: string;
  apptainerArguments: string[];
  slurm: Pick<BenchmarkSettings, 'partition' | 'constraint' | 'account' | 'qos' | 'reservation' | 'extra_arguments'>;
}

/** A run of which everything is decided. */
export interface PlannedRun {
  parameters: Record<string, string>;
  requested: Record<string, string>;
  metrics: MetricDefinition[];
  settings: RunSettings;
  /** The benchmark's own script, the same text for both legs. */
  script: string;
  plan: Plan;
}

/**
 * Decides everything about a run and draws its plan. Pure. Throws CtmgrError: 64 for a parameter that is unknown, missing or
 * not of its pattern, for pairs that cannot be balanced and for a number of processes that the program cannot have; 78 for a definition or a template that is wrong, and for a
 * deciding metric that the benchmark has not.
 */
export function planRun(found: FoundBenchmark, config: Config, request: RunRequest): PlannedRun {
  const { definition } = found;
  const parameters = chooseParameters(found, request.parameters);
  const settings = chooseSettings(found, config, request, parameters);
  const tasks = settings.nodes * settings.tasksPerNode;
  checkTasks(found, parameters, tasks);
  const counts = { nodes: settings.nodes, tasks_per_node: settings.tasksPerNode, tasks };
  const words = Object.entries(parameters).map(([name, value]) => [name, shellQuote(value)] as const);
  const requested = Object.entries(definition.parameters).flatMap(([name, { echoed, echoed_as }]) =>
    echoed === undefined ? [] : [[echoed, echoedValue(parameters[name] ?? '', echoed_as)] as const],
  );
  const { tasks_echoed } = definition.resources;
  const metrics = markDeciding(chooseMetrics(definition, parameters), request.deciding, found.name);
  return {
    parameters,
    requested: {
      ...Object.fromEntries(requested),
      ...(tasks_echoed === undefined ? {} : { [tasks_echoed]: String(tasks) }),
    },
    metrics: metrics.map((metric) => ({ ...metric, margin: request.margin ?? metric.margin })),
    settings,
    script: renderTemplate(found.template, { ...counts, ...Object.fromEntries(words) }, found.templatePath),
    plan: draw(request),
  };
}

function markDeciding(
  metrics: MetricDefinition[],
  deciding: RunRequest['deciding'],
  benchmark: string,
): MetricDefinition[] {
  const unknown = deciding?.find((wanted) => metrics.every(({ name }) => name !== wanted));
  if (unknown !== undefined) {
    throw new CtmgrError('configuration', `${benchmark} has no metric ${quote(unknown)}`, {
      why: `It has: ${metrics.map(({ name }) => name).join(', ')}.`,
    });
  }
  return metrics.map((metric) => (deciding?.includes(metric.name) ? { ...metric, decides: true } : metric));
}

function chooseParameters({ name, definition }: FoundBenchmark, given: Record<string, string>): Record<string, string> {
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(definition.parameters, key));
  if (unknown !== undefined) {
    const known = Object.keys(definition.parameters).join(', ') || 'none';
    throw new CtmgrError('usage', `${name} has no parameter ${quote(unknown)}`, { why: `It has: ${known}.` });
  }
  const chosen = Object.entries(definition.parameters).map(([key, { default: standard, pattern, summary }]) => {
    const value = Object.hasOwn(given, key) ? given[key] : standard;
    if (value === undefined) {
      throw new CtmgrError('usage', `${name} needs the parameter ${key}: ${summary}`, { hint: `--set ${key}=VALUE` });
    }
    if (value.includes('\0') || (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value))) {
      throw new CtmgrError('usage', `${quote(value)} is no value for ${key}`, { why: `It has to match ${pattern}.` });
    }
    return [key, value] as const;
  });
  return Object.fromEntries(chosen);
}

function cpusPerTask({ name, definition }: FoundBenchmark, parameters: Record<string, string>): number {
  const wanted = definition.resources.cpus_per_task;
  if (typeof wanted === 'number') return wanted;
  const count = Number(parameters[wanted]);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new CtmgrError('usage', `${quote(parameters[wanted] ?? '')} is no value for ${wanted}`, {
    why: `${name} asks Slurm for as many processors per task.`,
  });
}

/** Programs that need an exact number of processes leave others idle, or print what no check of the output expects. */
function checkTasks({ name, definition }: FoundBenchmark, parameters: Record<string, string>, tasks: number): void {
  const wanted = definition.resources.tasks;
  if (wanted === undefined) return;
  const named = typeof wanted === 'number' ? [] : wanted;
  const needed = typeof wanted === 'number' ? wanted : named.reduce((all, key) => all * Number(parameters[key]), 1);
  if (needed === tasks) return;
  const why = named.map((key) => `${key} is ${parameters[key]}`).join(', ');
  throw new CtmgrError('usage', `${name} needs ${needed} processes, and it would get ${tasks}`, {
    ...(why === '' ? {} : { why }),
    hint: 'the processes are --nodes times --tasks-per-node',
  });
}

function chooseSettings(
  found: FoundBenchmark,
  config: Config,
  request: RunRequest,
  parameters: Record<string, string>,
): RunSettings {
  const { name, definition } = found;
  const site = config.benchmarks[name];
  const { resources, programs } = definition;
  const bare = { ...programs, ...site?.programs };
  const { partition, constraint, account, qos, reservation, extra_arguments = [] } = site ?? {};
  return {
    nodes: request.nodes ?? resources.nodes,
    tasksPerNode: request.tasksPerNode ?? resources.tasks_per_node,
    cpusPerTask: cpusPerTask(found, parameters),
    exclusive: resources.exclusive,
    legTime: resources.time,
    gap: request.gap ?? site?.gap ?? resources.gap,
    programs: { bare, container: { ...programs, ...site?.container_programs } },
    modules: site?.modules ?? [],
    srunArguments: site?.srun_arguments ?? [],
    apptainer: config.apptainer.path,
    apptainerArguments: site?.apptainer_arguments ?? [],
    slurm: { partition, constraint: request.constraint ?? constraint, account, qos, reservation, extra_arguments },
  };
}

function draw({ seed, pairs, allocations }: RunRequest): Plan {
  try {
    return drawPlan(seed, pairs, allocations);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CtmgrError('usage', error.message, { cause: error });
  }
}
