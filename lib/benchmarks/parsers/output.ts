/** One number that a benchmark printed. */
export interface Measurement {
  /** Name of the metric within its benchmark, such as `triad`. */
  metric: string;
  /** Message size in bytes, for metrics that have one value per size. */
  size?: number;
  value: number;
}

/** What one run of a benchmark says. */
export interface ParsedOutput {
  measurements: Measurement[];
  /** What the benchmark says it ran with, by name. Both legs and the request have to agree in all of them. */
  parameters: Record<string, string>;
}

/** Reads what a benchmark wrote; throws InvalidOutput if that is not one whole and valid run. */
export type Parser = (text: string) => ParsedOutput;

/** Why an output is no result. The pair of the run is excluded with this reason; the message is a clause for a report. */
export class InvalidOutput extends Error {}

/** The only match of a pattern; InvalidOutput if there is none (cut off) or more than one (two runs in one file). */
export function findOne(text: string, pattern: RegExp, what: string): RegExpExecArray {
  const [found, ...more] = findAll(text, pattern);
  if (found === undefined) throw new InvalidOutput(`${what} is missing`);
  if (more.length > 0) throw new InvalidOutput(`${what} occurs ${more.length + 1} times`);
  return found;
}

export function findAll(text: string, pattern: RegExp): RegExpExecArray[] {
  return [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))];
}

/** A finite decimal number with a point, not below zero; InvalidOutput for `1,5`, `nan`, `-nan`, `***` and the like. */
export function toNumber(text: string | undefined, what: string): number {
  if (text === undefined || !/^\d+(\.\d*)?(e[+-]?\d+)?$/i.test(text)) {
    throw new InvalidOutput(`${what} is ${JSON.stringify(text ?? '')}, not a number`);
  }
  return Number(text);
}

/** Like `toNumber`, for what is timed: zero is no result. */
export function toPositive(text: string | undefined, what: string): number {
  const value = toNumber(text, what);
  if (value === 0) throw new InvalidOutput(`${what} is 0`);
  return value;
}
