import { readHplResult } from './hpl.ts';
import { findAll, findOne, InvalidOutput, type ParsedOutput, toPositive } from './output.ts';

/** Our metric, the name in hpcc's summary, and what makes Gflop/s of its Tflop/s. */
const metrics: [metric: string, key: string][] = [
  ['triad', 'StarSTREAM_Triad'],
  ['pingpong-latency', 'AvgPingPongLatency_usec'],
  ['pingpong-bandwidth', 'AvgPingPongBandwidth_GBytes'],
  ['random-access', 'MPIRandomAccess_GUPs'],
];

/**
 * hpccoutf.txt of the HPC Challenge benchmark 1.5 (hpcchallenge.org): `gflops` (HPL), `triad` in GB/s per process,
 * `pingpong-latency` in µs, `pingpong-bandwidth` in GB/s, `random-access` in GUP/s. hpcc appends to a file that is there,
 * exits with 0 and says Success=1 even after it replaced a grid that does not fit the number of processes: hence one
 * summary only, and the parameters as they were run.
 */
export function parseHpcc(text: string): ParsedOutput {
  findOne(text, /^Begin of Summary section\.$/m, 'the summary of hpcc');
  findOne(text, /^End of Summary section\.$/m, 'the end of the summary of hpcc');
  const summary = new Map(findAll(text, /^(\w+)=(\S+)[ \t]*$/m).map(([, key = '', value = '']) => [key, value]));
  if (summary.get('Success') !== '1') throw new InvalidOutput('hpcc does not say Success=1');
  const hpl = readHplResult(text);
  for (const [name, key] of [
    ['N', 'HPL_N'],
    ['NB', 'HPL_NB'],
    ['P', 'HPL_nprow'],
    ['Q', 'HPL_npcol'],
  ] as const) {
    if (summary.get(key) !== hpl.parameters[name])
      throw new InvalidOutput(`${key} is not what the result line of HPL says`);
  }
  const others = metrics.map(([metric, key]) => ({ metric, value: toPositive(summary.get(key), key) }));
  const processes = summary.get('CommWorldProcs') ?? '';
  return { measurements: [...hpl.measurements, ...others], parameters: { ...hpl.parameters, processes } };
}
