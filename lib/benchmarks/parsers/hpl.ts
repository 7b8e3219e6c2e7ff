import { findAll, findOne, InvalidOutput, type ParsedOutput, toPositive } from './output.ts';

/** Variant (W, mapping, …), N, NB, P, Q, seconds, Gflop/s. */
const row = /^(W[RC]\S+)[ \t]+(\d+)[ \t]+(\d+)[ \t]+(\d+)[ \t]+(\d+)[ \t]+(\S+)[ \t]+(\S+)[ \t]*$/m;
const residual = /^\|\|Ax-b\|\|.*?(PASSED|FAILED)[ \t]*$/m;

/**
 * High-Performance Linpack 2.0 to 2.3 (netlib.org/benchmark/hpl): `gflops` in Gflop/s. The output must hold one problem, its
 * residual must have passed, and the rate must follow from N and the time.
 */
export function parseHpl(text: string): ParsedOutput {
  findOne(text, /^End of Tests\.[ \t]*$/m, 'the end marker of HPL');
  for (const [, count, what] of findAll(text, /^[ \t]+(\d+) tests (completed and failed|skipped)\b/m)) {
    if (count !== '0') throw new InvalidOutput(`${count} tests of HPL ${what}`);
  }
  return readHplResult(text);
}

/** The result line and residual check, which hpcc prints as well. */
export function readHplResult(text: string): ParsedOutput {
  const [, variant = '', n = '', nb = '', p = '', q = '', time, printed] = findOne(text, row, 'the result line of HPL');
  // Vendors put lines of their own between the result and its check.
  const checks = findAll(text.slice(text.search(row)), residual);
  if (checks.length === 0) throw new InvalidOutput('the residual check of HPL is missing');
  if (checks.some(([, verdict]) => verdict !== 'PASSED')) throw new InvalidOutput('the residual check of HPL FAILED');
  const gflops = rate(Number(n), time, printed);
  const parameters = { N: n, NB: nb, P: p, Q: q, PMAP: variant[1] === 'R' ? 'row' : 'column' };
  return { measurements: [{ metric: 'gflops', value: gflops }], parameters };
}

/**
 * HPL prints the time with two decimals and, depending on who built it, the rate with four to six digits: of the two, what
 * is known more precisely counts. Operations: 2/3 N³ + 3/2 N² (HPL_pdtest.c).
 */
function rate(n: number, time: string | undefined, printed: string | undefined): number {
  const seconds = toPositive(time, 'the time of HPL');
  const gflops = toPositive(printed, 'the rate of HPL');
  const computed = ((2 / 3) * n ** 3 + (3 / 2) * n ** 2) / seconds / 1e9;
  const [timeError, rateError] = [resolution(time) / seconds, resolution(printed) / gflops];
  if (Math.abs(computed / gflops - 1) > 1.01 * (timeError + rateError)) {
    throw new InvalidOutput(`${printed} Gflop/s do not follow from N = ${n} in ${time} s`);
  }
  return timeError < rateError ? computed : gflops;
}

/** Half a unit of the last digit of a printed number. */
function resolution(printed = ''): number {
  const [mantissa = '', exponent = '0'] = printed.split(/e/i);
  return 0.5 * 10 ** (Number(exponent) - (mantissa.split('.')[1] ?? '').length);
}
