import { findOne, InvalidOutput, type ParsedOutput, toPositive } from './output.ts';

const kernels = ['Copy', 'Scale', 'Add', 'Triad'];

/**
 * STREAM 5.10 (cs.virginia.edu/stream): `copy`, `scale`, `add` and `triad` in MB/s, the best of its repetitions. The arrays
 * must have validated and each test must take the twenty clock ticks that STREAM asks for.
 */
export function parseStream(text: string): ParsedOutput {
  findOne(text, /^Solution Validates: /m, 'the validation of STREAM');
  const [, ticks] = findOne(text, /^ {3}\(= (\d+) clock ticks\)$/m, 'the clock ticks of STREAM');
  if (Number(ticks) < 20) throw new InvalidOutput(`STREAM's tests take ${ticks} clock ticks, less than 20`);
  const measurements = kernels.map((kernel) => {
    const [, best] = findOne(
      text,
      new RegExp(`^${kernel}:[ \\t]+(\\S+)([ \\t]+\\S+){3}[ \\t]*$`, 'm'),
      `${kernel} of STREAM`,
    );
    return { metric: kernel.toLowerCase(), value: toPositive(best, `${kernel} of STREAM`) };
  });
  const [, elements = ''] = findOne(text, /^Array size = (\d+) \(elements\)/m, 'the array size of STREAM');
  const [, repetitions = ''] = findOne(text, /^Each kernel will be executed (\d+) times/m, 'the repetitions of STREAM');
  // A build without OpenMP does not mention threads.
  const threads = /^Number of Threads counted = (\d+)/m.exec(text)?.[1] ?? '1';
  return { measurements, parameters: { elements, repetitions, threads } };
}
