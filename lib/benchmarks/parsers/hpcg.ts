import { findOne, InvalidOutput, type ParsedOutput, toPositive } from './output.ts';

const dimensions = [
  ['nx', 'Local Domain Dimensions::nx'],
  ['ny', 'Local Domain Dimensions::ny'],
  ['nz', 'Local Domain Dimensions::nz'],
  ['processes', 'Machine Summary::Distributed Processes'],
  ['threads', 'Machine Summary::Threads per processes'],
] as const;

/**
 * The report file of HPCG 3.1 (hpcg-benchmark.org), which it writes beside its log: `gflops`, the rating in GFLOP/s. HPCG
 * calls runs valid that are too short for an official result; for a comparison of two legs they are good enough.
 */
export function parseHpcg(text: string): ParsedOutput {
  if (/^Final Summary::HPCG result is INVALID/m.test(text)) throw new InvalidOutput('HPCG calls its result INVALID');
  // With its line end: a number that is cut off is a number too.
  const rating = /^Final Summary::HPCG result is VALID with a GFLOP\/s rating of=(\S+)\n/m;
  const [, gflops] = findOne(text, rating, 'the rating of HPCG');
  const parameters = Object.fromEntries(
    dimensions.map(([name, key]) => [name, findOne(text, new RegExp(`^${key}=(\\d+)$`, 'm'), key)[1] ?? '']),
  );
  return { measurements: [{ metric: 'gflops', value: toPositive(gflops, 'the rating of HPCG') }], parameters };
}
