import { findOne, InvalidOutput, type ParsedOutput, toPositive } from './output.ts';

const microseconds: Record<string, number> = { ns: 1e-3, us: 1, ms: 1e3, s: 1e6 };

const parameterLines = [
  ['tasks', /^linktest: Number of MPI-Task:[ \t]+(\d+)$/m],
  ['bytes', /^linktest: Message length:[ \t]+(\d+) Bytes$/m],
  ['iterations', /^linktest: Number of Iteration:[ \t]+(\d+)$/m],
  ['warm-up', /^linktest: Number of Iter\. \(Warmup\):[ \t]+(\d+)$/m],
] as const;

/**
 * The output of LinkTest 1.2 and 2.1 (Forschungszentrum Jülich): `min`, `avg` and `max` of the time of a message over all
 * pairs of tasks, in µs. Units change with the value, so that they are read with it. The figures of the second test
 * ("Stest") are left alone: their average has the wrong divisor in 1.2p1.
 */
export function parseLinktest(text: string): ParsedOutput {
  const measurements = ['Min', 'Avg', 'Max'].map((which) => {
    const line = new RegExp(`^RESULT: ${which} Time:[ \\t]+(\\d[\\d.]*)[ \\t]*(ns|us|ms|s)\\b`, 'm');
    const [, value, unit = ''] = findOne(text, line, `the ${which} Time of LinkTest`);
    const time = toPositive(value, `the ${which} Time of LinkTest`) * (microseconds[unit] ?? Number.NaN);
    return { metric: which.toLowerCase(), value: time };
  });
  if (!/^timings\[\d+\] \[all\]|^(?:Aggregated Results|RESULT: Min Agg)/m.test(text)) {
    throw new InvalidOutput('the end marker of LinkTest is missing');
  }
  // Version 2 lists its options in another form; then the job script's record of them has to do.
  const parameters = parameterLines.flatMap(([name, pattern]) => {
    const value = pattern.exec(text)?.[1];
    return value === undefined ? [] : [[name, value]];
  });
  return { measurements, parameters: Object.fromEntries(parameters) };
}
