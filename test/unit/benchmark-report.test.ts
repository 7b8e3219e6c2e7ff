import { describe, expect, it } from '@jest/globals';

import { analyseRun } from '../../lib/benchmarks/analyse-run.ts';
import { checkRun } from '../../lib/benchmarks/check-run.ts';
import { exclusionReason } from '../../lib/benchmarks/examine-pair.ts';
import { reportCsv } from '../../lib/benchmarks/report-csv.ts';
import { reportText } from '../../lib/benchmarks/report-text.ts';
import type { CollectedPair, Leg, RunData } from '../../lib/benchmarks/run-data.ts';
import { selfLevel } from '../../lib/benchmarks/statistics/difference.ts';
import { logMargin } from '../../lib/benchmarks/statistics/equivalence.ts';
import { seededRandom } from '../../lib/benchmarks/statistics/random.ts';
import { decideVerdict } from '../../lib/benchmarks/statistics/verdict.ts';
import { leg, makeRun } from './support/make-run.ts';

const report = (run: RunData): string => {
  const analysis = analyseRun(run);
  return reportText(run, analysis, checkRun(run, analysis, undefined));
};

describe('the report', () => {
  it('says that the container costs nothing, and what a fixed order would have claimed', () => {
    const text = report(makeRun(1));
    expect(text).toMatch(
      /^hpl, hpl:2026-11-22\.1: costs nothing at a margin of 1 %: within ± 1 % of bare metal \(estimate [-+]0\.0\d %, 90 % interval .*, 20 pairs, 5 allocations\)\.$/m,
    );
    expect(text).toMatch(/^Order: the second run of a pair costs \+1\.4\d %/m);
    expect(text).toMatch(/Always running bare metal first would have shown the container slower by 1\.\d\d %/);
    expect(text).toMatch(/Always running the container first would have shown the container faster by 1\.\d\d %/);
    expect(text).toMatch(/All 20 pairs count/);
    expect(text).toMatch(/seed 7 \(sha256-xoshiro128\*\*-1\)/);
  });

  it('says what it costs', () => {
    expect(report(makeRun(1.02))).toMatch(/: costs 2\.0\d %, measured against a margin of 1 %/);
    expect(report(makeRun(1.005))).toMatch(/: costs something, but less than the margin of 1 %/);
    expect(report(makeRun(0.97))).toMatch(/: is cheaper than bare metal by 3\.\d\d %/);
  });

  it('says when it cannot tell, and what it would take', () => {
    const noisy = makeRun(1, (pair, i) => ({ ...pair, bare: leg([850, 895, 935][i % 3] ?? 0) }));
    expect(report(noisy)).toMatch(/: cannot tell at a margin of 1 % .*; about \d+ pairs in 5 allocations would show/);
    const none = makeRun(1, (pair) => ({ ...pair, bare: undefined, container: undefined }));
    expect(report(none)).toMatch(
      /: cannot tell: 0 pairs count, and fewer than 8 show nothing, whatever they measure\./,
    );
  });

  it('does not ask for fewer pairs than there are', () => {
    const scattered = makeRun(
      1,
      (pair) => {
        const factor = [0.997, 1.003][pair.allocation] ?? 1;
        return { ...pair, container: leg((pair.container?.measurements[0]?.value ?? 1) * factor) };
      },
      { pairs: 20, allocations: 2 },
    );
    expect(report(scattered)).toMatch(
      /: cannot tell .*; 2 allocations say little of others, or differ: more of them would tell sooner/,
    );
    const seen = { 'bare-first': 0, 'container-first': 0 };
    const slight = makeRun(1, (pair) => {
      const scatter = (seen[pair.sequence] += 1) % 2 === 0 ? 0.01 : -0.01;
      return { ...pair, bare: leg(900), container: leg(900 / (1.008 + scatter)) };
    });
    expect(report({ ...slight, aa: true })).toMatch(/; 20 pairs would mostly be enough if there were no difference/);
  });

  it('names every pair that does not count, and the result with it', () => {
    const run = makeRun(1, (pair, i) =>
      i === 3 ? { ...pair, container: leg(450, { parameters: { N: '2000' } }) } : pair,
    );
    const { excluded, metrics } = analyseRun(run);
    expect(excluded).toEqual([
      { allocation: 0, position: 3, reason: 'container leg: N is 2000, not 4000 as requested' },
    ]);
    expect(metrics[0]?.pairs).toHaveLength(19);
    expect(report(run)).toMatch(/1 pair of 20 does not count:\n {4}allocation 0, pair 3: container leg: N is 2000/);
    expect(report(run)).toMatch(/With those that have values: \+\d/);
    expect(report(run)).toMatch(/^2 of 9 checks fail:\n {2}1 of 20: pairs whose legs differ/m);
    expect(report(makeRun(1))).not.toContain('checks fail');
  });

  it('says what has not run in one line', () => {
    const run = makeRun(1, (pair, i) => (i >= 17 ? { ...pair, bare: undefined, container: undefined } : pair));
    expect(report(run)).toMatch(/^ {2}3 pairs of 20 do not count:\n {4}allocation 4, pairs 1 to 3: not run\n\n/m);
  });

  it('says that so few pairs show nothing, and how many would', () => {
    const few = makeRun(1, (pair, i) => (i >= 6 ? { ...pair, bare: undefined, container: undefined } : pair));
    expect(report(few)).toMatch(
      /^hpl, \S+: cannot tell .*; the order of 6 pairs could have been drawn in 12 ways, too few to show anything .* at least 8 pairs\.$/m,
    );
  });

  it('is the same for the same data', () => expect(report(makeRun(1.02))).toBe(report(makeRun(1.02))));

  it('keeps what is outlying', () => {
    const run = makeRun(1, (pair, i) => (i === 5 ? { ...pair, container: leg(700) } : pair));
    const { excluded, metrics } = analyseRun(run);
    expect(excluded).toEqual([]);
    expect(metrics[0]?.outlying).toEqual([5]);
    expect(metrics[0]?.pairs).toHaveLength(20);
  });
});

describe('bare metal against itself', () => {
  it('is equivalent or inconclusive in 24 runs, also where a container would be called not worse', () => {
    const runs = Array.from({ length: 24 }, (_, i) => {
      const random = seededRandom(`a/a ${i}`);
      const scatter = [0.001, 0.01, 0.02, 0.05][i % 4] ?? 0;
      // The sum of twelve uniform numbers is close enough to normal.
      const noise = (): number => {
        const sum = Array.from({ length: 12 }, () => random.below(2 ** 20) / 2 ** 20).reduce((a, b) => a + b, 0);
        return Math.exp(scatter * (sum - 6));
      };
      const run = makeRun(1, (pair) => {
        const hot = pair.sequence === 'bare-first' ? [1, 1.0148] : [1.0148, 1];
        return { ...pair, bare: leg((900 / (hot[0] ?? 1)) * noise()), container: leg((900 / (hot[1] ?? 1)) * noise()) };
      });
      return analyseRun({ ...run, aa: true }).metrics;
    }).flat();
    const kinds = new Set(runs.map(({ verdict }) => verdict.kind));
    expect([...kinds].sort()).toEqual(['equivalent', 'inconclusive']);
    const ofContainers = runs.map(({ pairs }) => decideVerdict(pairs, { margin: logMargin(0.01), aa: false }).kind);
    expect(ofContainers).toContain('not-worse');
  });
});

describe('bare metal against itself with a difference', () => {
  const self = (cost: number, ...more: [Parameters<typeof makeRun>[1]] | []): string =>
    report({ ...makeRun(cost, ...more), aa: true });

  it.each([
    [1.02, /bare metal differs from itself by 2\.0\d %, measured against a margin of 1 %: the machine or the method/],
    [0.98, /bare metal differs from itself by 2\.0\d %, measured against a margin of 1 %: the machine or the method/],
    [1.005, /bare metal differs from itself by 0\.\d\d %, less than the margin of 1 %: the machine or the method/],
  ])('is called biased, not renamed: %p', (cost, verdict) => {
    const run = { ...makeRun(cost), aa: true };
    expect(self(cost)).toMatch(verdict);
    expect(self(cost)).toMatch(/^Beware: by chance that happens in 0\.3 of 100 such runs/m);
    expect(checkRun(run, analyseRun(run), undefined)).toContainEqual({
      state: 'failed',
      text: 'Bare metal differs from itself in gflops: the machine or the method is biased',
    });
  });

  it('is judged at the level of a series of 20 runs, and a smaller sign of a difference is said', () => {
    const slight = self(1.003, (pair, i) => ({
      ...pair,
      bare: leg(pair.sequence === 'bare-first' ? ([896, 900, 904][i % 3] ?? 0) : ([883, 887, 891][i % 3] ?? 0)),
    }));
    expect(slight).toMatch(/^hpl, bare metal against itself: no difference at a margin of 1 %, as it must be/);
    expect(slight).toMatch(/^Beware: the 95 % interval does not contain 0, as by chance in 5 of 100 such runs/m);
    expect(self(1)).not.toContain('Beware');
    expect(1 - (1 - selfLevel) ** 20).toBeCloseTo(0.05, 12);
  });
});

describe('builds that differ', () => {
  it('are named', () => {
    const covariates = (sum: string): Partial<Leg> => ({ covariates: { 'program-xhpl-sha256': sum } });
    const run = makeRun(1, (pair) => ({ ...pair, bare: leg(1, covariates('a')), container: leg(1, covariates('b')) }));
    expect(report(run)).toMatch(/^Different build: xhpl is not the same in both legs/m);
    expect(report(makeRun(1))).not.toContain('Different build');
  });
});

describe('metrics with message sizes', () => {
  it('are decided by their geometric mean and shown one by one', () => {
    const sizes = [1, 1024, 4096];
    const sized = (value: number): Leg =>
      leg(0, { measurements: sizes.map((size) => ({ metric: 'time', size, value: value * size })) });
    const base = makeRun(1, (pair) => ({
      ...pair,
      bare: sized(1 / (pair.bare?.measurements[0]?.value ?? 1)),
      container: sized(1 / (pair.container?.measurements[0]?.value ?? 1)),
    }));
    const metric = { name: 'time', unit: 'µs', direction: 'lower-is-better', margin: 0.02 } as const;
    const [analysis] = analyseRun({ ...base, metrics: [metric] }).metrics;
    expect(analysis?.verdict.kind).toBe('equivalent');
    expect(analysis?.sizes.map(({ size }) => size)).toEqual(sizes);
    for (const { effect } of analysis?.sizes ?? []) expect(effect.p).toBeGreaterThan(0.05);
  });
});

describe('pairs', () => {
  const pair: CollectedPair = {
    allocation: 0,
    block: 0,
    position: 0,
    sequence: 'bare-first',
    bare: leg(1),
    container: leg(1),
  };
  it.each([
    [{}, undefined],
    [{ bare: undefined, container: undefined }, 'not run'],
    [{ bare: undefined }, 'the bare leg has not run'],
    [{ container: undefined }, 'the container leg has not run'],
    [{ bare: leg(1, { invalid: 'the end marker is missing' }) }, 'bare leg: the end marker is missing'],
    [{ container: leg(1, { parameters: {} }) }, 'container leg: N is not given, not 4000 as requested'],
    [{ container: leg(1, { parameters: { N: '4000', NB: '128' } }) }, 'the legs differ in NB: not given and 128'],
    [{ bare: leg(1, { nodes: ['c1'] }) }, 'the legs ran on different nodes: c1 and c1 c2'],
    [{ bare: leg(1, { nodes: ['c2', 'c1'] }) }, undefined],
  ])('%#: %p', (change, reason) =>
    expect(exclusionReason({ ...pair, ...change }, { requested: { N: '4000' } })).toBe(reason),
  );
});

describe('CSV', () => {
  it('holds every number', () => {
    const lines = reportCsv(makeRun(1)).split('\r\n');
    expect(lines).toHaveLength(2 * 20 + 2);
    expect(lines[0]).toBe('allocation,block,position,sequence,leg,period,metric,size,value,unit,excluded');
    expect(lines[1]).toMatch(/^0,0,0,(bare|container)-first,bare,[12],gflops,,\d+\.\d+,Gflop\/s,$/);
  });

  it('gives a spreadsheet no formula', () => {
    const run = makeRun(1);
    for (const unit of ['=1+cmd|x', '+1', '-1', '@SUM(1)', '\tx']) {
      const metrics = run.metrics.map((metric) => ({ ...metric, unit }));
      expect(
        reportCsv({ ...run, metrics })
          .split('\r\n')[1]
          ?.split(',')
          .at(-2),
      ).toBe(`'${unit}`);
    }
  });

  it('quotes reasons', () => {
    const text = reportCsv(makeRun(1, (pair) => ({ ...pair, bare: leg(1, { nodes: ['a, "b"'] }) })));
    expect(text).toContain(',"the legs ran on different nodes: a, ""b"" and c1 c2"\r\n');
  });
});
