import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import type { Definition } from './definition.ts';
import type { ParsedOutput } from './parsers/output.ts';
import { parsers } from './parsers/parsers.ts';
import { patternParser } from './parsers/pattern.ts';
import type { MetricDefinition } from './run-data.ts';

/** Makes a result of what a leg wrote and of the seconds that it took; throws InvalidOutput like any parser. */
export type OutputReader = (text: string, seconds: number) => ParsedOutput;

/** Wall time needs no output at all. */
export function needsOutput(definition: Definition, parameters: Record<string, string>): boolean {
  return patternOf(definition, parameters) !== undefined || named(definition) !== undefined;
}

/** How the outputs of a run are read. Throws CtmgrError `configuration` for a pattern that is none. */
export function chooseParser(definition: Definition, parameters: Record<string, string>): OutputReader {
  const metric = definition.metrics[0]?.name ?? 'value';
  const pattern = patternOf(definition, parameters);
  if (pattern !== undefined) return patternParser(pattern, metric);
  const parser = named(definition);
  if (parser !== undefined) return parser;
  return (_text, seconds) => ({ measurements: [{ metric, value: seconds }], parameters: {} });
}

/**
 * The metrics of a run. The benchmark `command` learns from its parameters `unit` and `direction` what its pattern finds;
 * a direction that is none is a usage error (64).
 */
export function chooseMetrics(definition: Definition, parameters: Record<string, string>): MetricDefinition[] {
  // A pattern that cannot be used is refused before anything is submitted.
  chooseParser(definition, parameters);
  if (definition.parser !== 'command' || patternOf(definition, parameters) === undefined) return definition.metrics;
  const { unit = '', direction = '' } = parameters;
  if (direction !== 'lower-is-better' && direction !== 'higher-is-better') {
    throw new CtmgrError('usage', `direction is lower-is-better or higher-is-better, not ${quote(direction)}`);
  }
  return definition.metrics.map((metric) => ({ ...metric, unit, direction }));
}

function patternOf({ parser, pattern }: Definition, parameters: Record<string, string>): string | undefined {
  return pattern ?? (parser === 'command' ? parameters['pattern'] || undefined : undefined);
}

function named({ parser }: Definition): OutputReader | undefined {
  return parser !== undefined && Object.hasOwn(parsers, parser) ? parsers[parser] : undefined;
}
