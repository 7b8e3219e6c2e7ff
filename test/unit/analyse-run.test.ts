import { expect, it } from '@jest/globals';

import { analyseRun } from '../../lib/benchmarks/analyse-run.ts';
import { decideGate } from '../../lib/benchmarks/decide-gate.ts';
import { exclusionReason } from '../../lib/benchmarks/examine-pair.ts';
import type { CollectedPair, Leg, RunData } from '../../lib/benchmarks/run-data.ts';

const leg = (values: Record<number, number>, parameters: Record<string, string> = {}): Leg => ({
  measurements: Object.entries(values).map(([size, value]) => ({ metric: 'time', size: Number(size), value })),
  parameters,
  nodes: ['c1'],
  started: 1,
  ended: 2,
  covariates: {},
  output: '1/0/0-bare/stdout',
  outputSha256: '0',
  invalid: undefined,
});

const pair = (position: number, bare: Leg, container: Leg): CollectedPair => ({
  allocation: 0,
  block: position >> 2,
  position,
  sequence: position % 2 === 0 ? 'bare-first' : 'container-first',
  bare,
  container,
});

const run = (pairs: CollectedPair[]): RunData => ({
  name: 'imb-2026-11-22.1',
  benchmark: 'imb',
  summary: '',
  image: { name: 'app', tag: '2026-11-22.1', sha256: '' },
  aa: false,
  seed: '1',
  generator: '',
  created: 1,
  createdBy: 'admin',
  jobs: [],
  metrics: [{ name: 'time', unit: 'µs', direction: 'lower-is-better', margin: 0.01 }],
  requested: {},
  allocations: 1,
  warmUps: [],
  pairs,
});

/** Twelve pairs with this ratio of container to bare metal, and some scatter. */
const measured = (ratio: number): CollectedPair[] =>
  Array.from({ length: 12 }, (_, i) =>
    pair(i, leg({ 1: 10 }), leg({ 1: 10 * ratio * (1 + (((i * 5) % 8) - 3.5) / 5000) })),
  );

it('a size that one pair lacks is left out of the comparison by size, and the others stay', () => {
  const pairs = measured(1).map((_, i) =>
    pair(i, leg({ 1: 10, ...(i === 3 ? {} : { 2: 20 }) }), leg({ 1: 10 + i / 100, ...(i === 3 ? {} : { 2: 20 }) })),
  );
  expect(analyseRun(run(pairs)).metrics[0]?.sizes.map(({ size }) => size)).toEqual([1]);
});

it.each([
  ['nothing', 1, true, /costs nothing at a margin of 1 %/],
  ['less than the margin', 1.004, true, /costs something, but less than the margin/],
  ['less than bare metal', 0.95, true, /is cheaper than bare metal/],
  ['more than the margin', 1.05, false, /costs 5\.\d+ %/],
])('a gate lets pass what costs %s: %p', (_what, ratio, passed, sentence) => {
  expect(decideGate(run(measured(ratio)))).toEqual({ passed, message: expect.stringMatching(sentence) });
});

it('a gate with several metrics lets pass only what is good in all of them', () => {
  const metric = (name: string, more: object) =>
    ({ name, unit: '', direction: 'lower-is-better', margin: 0.01, ...more }) as const;
  const both = (ratio: number, decides: object): RunData => {
    const reads = (value: number): Leg['measurements'][number] => ({ metric: 'read', value });
    const pairs = measured(1).map((one, i) => ({
      ...one,
      bare: leg({ 1: 10 }),
      container: leg({ 1: one.container?.measurements[0]?.value ?? 0 }),
      i,
    }));
    for (const { bare, container, i } of pairs) {
      bare.measurements.push(reads(10));
      container.measurements.push(reads(10 * ratio * (1 + (((i * 7) % 12) - 5.5) / 5000)));
    }
    return { ...run(pairs), metrics: [metric('time', decides), metric('read', decides)] };
  };
  expect(decideGate(both(1.05, {}))).toMatchObject({ passed: true });
  expect(decideGate(both(1.05, { decides: true }))).toEqual({
    passed: false,
    message: expect.stringMatching(/^imb-2026-11-22\.1: read costs [45]\.\d+ %/),
  });
  expect(decideGate(both(1, { decides: true }))).toEqual({
    passed: true,
    message: expect.stringMatching(/: time costs nothing .*; read costs nothing/),
  });
});

it('a gate keeps back what cannot be told, and says why pairs do not count', () => {
  const [first, ...others] = measured(1);
  const odd = { ...others[0], container: { ...leg({}), invalid: 'it ended with exit code 3' } } as CollectedPair;
  expect(decideGate(run(first === undefined ? [] : [first, odd]))).toEqual({
    passed: false,
    message: expect.stringMatching(/cannot tell.*; 1 pair left out, the first: container leg: it ended with exit/),
  });
});

it('a parameter that not every version prints is compared where it is printed', () => {
  const printed = (bytes?: string): CollectedPair => {
    const one = leg({ 1: 1 }, bytes === undefined ? {} : { bytes });
    return pair(0, one, one);
  };
  const reason = (bytes?: string): string | undefined =>
    exclusionReason(printed(bytes), { requested: { bytes: '8' }, ifPrinted: ['bytes'] });
  expect([reason(), reason('8'), reason('9')]).toEqual([
    undefined,
    undefined,
    'bare leg: bytes is 9, not 8 as requested',
  ]);
  expect(exclusionReason(printed(), { requested: { bytes: '8' } })).toBe(
    'bare leg: bytes is not given, not 8 as requested',
  );
});

it('legs that IMB let repeat differently are no pair', () => {
  const other = pair(
    0,
    leg({ 1: 1 }, { 'pingpong-repetitions': '1:10' }),
    leg({ 1: 1 }, { 'pingpong-repetitions': '1:9' }),
  );
  expect(exclusionReason(other, { requested: {} })).toBe('the legs differ in pingpong-repetitions: 1:10 and 1:9');
});
