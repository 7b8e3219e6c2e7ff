import { describe, expect, it } from '@jest/globals';

import { analyseRun } from '../../lib/benchmarks/analyse-run.ts';
import { checkRun } from '../../lib/benchmarks/check-run.ts';
import { compareJson, compareRuns, compareText } from '../../lib/benchmarks/compare-runs.ts';
import { comparePage } from '../../lib/benchmarks/html/compare-page.ts';
import { printedStep } from '../../lib/benchmarks/html/printed-step.ts';
import { runPage } from '../../lib/benchmarks/html/run-page.ts';
import type { Leg, RunData } from '../../lib/benchmarks/run-data.ts';
import type { SelfRun } from '../../lib/benchmarks/last-self-run.ts';
import { leg, makeRun } from './support/make-run.ts';

const provenance = {
  facts: [['recipe', 'hpl, version 3'] as [string, string]],
  script: 'launch "$xhpl"\n',
  lastSelf: undefined,
};
const pageOf = (run: RunData): Promise<string> => runPage(run, analyseRun(run), provenance);

/** Names of elements that are open at the end or were closed wrongly: the page is HTML in which everything is closed. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  for (const [, slash, name = '', empty] of page.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*?(\/?)>/g)) {
    if (empty === '/' || name === 'meta') continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) return [name];
  }
  return open;
}

const headings = (page: string): string[] =>
  [...page.matchAll(/<h2[^>]*>\s*([^<]*?)\s*<\/h2>/g)].map(([, text = '']) => text);

describe('the page of a run', () => {
  it('says everything in its order, the verdict first', async () => {
    const page = await pageOf(makeRun(1));
    expect(page).toMatch(/^<!doctype html>\s*<html lang="en">/i);
    expect(unbalanced(page)).toEqual([]);
    expect(page).toMatch(/<p class="verdict">\s*hpl: costs nothing at a margin of 1 %: within ± 1 % of bare metal/);
    expect(page.indexOf('class="verdict"')).toBeLessThan(page.indexOf('Order: the second run of a pair costs +1.4'));
    expect(headings(page)).toEqual([
      'Validity: nothing found against this run',
      'All metrics',
      'gflops, Gflop/s',
      'Estimates',
      'What a fixed order would have claimed',
      'Pairs',
      'Provenance',
    ]);
    expect(page.match(/<figure id="[^"]+"/g)).toHaveLength(5);
    expect(page.match(/<svg [^>]*role="img" aria-labelledby="\S+ \S+"/g)).toHaveLength(5);
    expect(page.match(/<desc id="[^"]+">[^<]{10}/g)).toHaveLength(5);
    expect(page.match(/<caption>/g)?.length).toBe(page.match(/<table>/g)?.length);
    for (const text of ['ab'.repeat(32), 'hpl, version 3', 'sha256-xoshiro128**-1', '2027-01-15 08:00:00 UTC']) {
      expect(page).toContain(text);
    }
    expect(page).toMatch(/[BC]{4} [BC]{4}/);
  });

  it('has the same bytes every time, and every identifier once', async () => {
    const [one, other] = [await pageOf(makeRun(1.02)), await pageOf(makeRun(1.02))];
    expect(other).toBe(one);
    const ids = [...one.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  it('asks nobody for anything and runs no script', async () => {
    const page = await pageOf(makeRun(1));
    expect(page).toMatch(
      /Content-Security-Policy"\s+content="default-src &#39;none&#39;; style-src &#39;sha256-[^"]+"/,
    );
    expect(page.match(/\s(href|src|srcset|action)=|url\((?!#)/i)).toBeNull();
    expect(
      page.replaceAll('http://www.w3.org/2000/svg', '').match(/https?:|<script|<link|@import|\son\w+=/i),
    ).toBeNull();
    // A style attribute would be against the policy.
    expect(page.match(/\sstyle=/)).toBeNull();
  });

  it('escapes every text, wherever it comes from', async () => {
    const evil = `<script>alert("x")</script>'&{{x}}\u0000\u202E]]>`;
    const hostile = (value: number): Leg =>
      leg(0, {
        measurements: [1, 1024].map((size) => ({ metric: evil, size, value: value * size })),
        parameters: { [evil]: evil },
        nodes: [evil],
        covariates: { [evil]: evil, 'program-x-sha256': evil },
        output: evil,
        outputSha256: evil,
      });
    const run = makeRun(1, (pair, i) => ({
      ...pair,
      bare: hostile(100 + (i % 3)),
      container: i === 2 ? { ...hostile(1), invalid: evil } : hostile(100 + (i % 5)),
    }));
    const texts = { name: evil, benchmark: evil, summary: evil, seed: evil, generator: evil, createdBy: evil };
    const metrics = [{ name: evil, unit: evil, direction: 'lower-is-better' as const, margin: 0.01 }];
    const image = { name: evil, tag: evil, sha256: evil };
    const all = { ...run, ...texts, image, metrics, requested: { [evil]: evil } };
    const pages = [
      await runPage(all, analyseRun(all), {
        facts: [[evil, evil]],
        script: evil,
        lastSelf: { name: evil, created: 1, says: 'same' },
      }),
      await comparePage(compareRuns([all, { ...all, name: `${evil}2`, created: 2 }])),
    ];
    for (const page of pages) {
      expect(page).toContain('&lt;script&gt;');
      expect(page.indexOf('<script')).toBe(-1);
      expect([page.indexOf('\u0000'), page.indexOf('\u202E')]).toEqual([-1, -1]);
      expect(unbalanced(page)).toEqual([]);
    }
  });

  it.each([
    ['no pair', makeRun(1, (pair) => ({ ...pair, bare: undefined, container: undefined })), 0],
    ['one pair', makeRun(1, (pair, i) => (i === 0 ? pair : { ...pair, bare: undefined })), 4],
    ['equal values', makeRun(1, (pair) => ({ ...pair, bare: leg(5), container: leg(5) })), 5],
    ['no metric', { ...makeRun(1), metrics: [] }, 0],
  ])('is made of %s', async (_what, run, figures) => {
    const page = await pageOf(run);
    expect(unbalanced(page)).toEqual([]);
    expect(page.match(/<figure /g) ?? []).toHaveLength(figures);
    expect(page.match(/.{30}(NaN|Infinity|undefined|\[object)/)).toBeNull();
  });

  it('shows 24 message sizes on logarithmic axes with their band', async () => {
    const sizes = [0, ...Array.from({ length: 23 }, (_, i) => 2 ** i)];
    const sized = (value: number): Leg =>
      leg(0, { measurements: sizes.map((size) => ({ metric: 'time', size, value: (1 + size / 1e4) * value })) });
    const run = makeRun(1, (pair, i) => ({
      ...pair,
      bare: sized(1 + i / 1e4),
      container: sized(1.1 + ((7 * i) % 5) / 1e4),
    }));
    const page = await pageOf({
      ...run,
      metrics: [{ name: 'time', unit: 'µs', direction: 'lower-is-better', margin: 0.05 }],
    });
    expect(page).toMatch(/<figure id="m1-sizes-values"/);
    expect(page).toMatch(/<desc id="m1-sizes-ratio-description">1 bytes: \+\d/);
    expect(page.match(/<text[^>]*>(64|4 Ki|256 Ki|2 Mi)</g)?.length).toBeGreaterThan(2);
    expect(page.match(/.{30}(NaN|Infinity)/)).toBeNull();
    expect(page).not.toContain('one step of the last digit');
  });

  it('shows what the last printed digit cannot show, cuts long intervals visibly and crosses out what does not count', async () => {
    const printed = (value: number): Leg =>
      leg(0, { measurements: [1, 1024].map((size) => ({ metric: 'time', size, value: value + size })) });
    const run = makeRun(1, (pair, i) => ({
      ...pair,
      bare: printed(0.05 + (i % 4) / 100),
      container: { ...printed(0.05 + (i % 3) / 100), nodes: i === 7 ? ['c9'] : ['c1', 'c2'] },
    }));
    const time = { name: 'time', unit: 'µs', direction: 'lower-is-better', margin: 0.05 } as const;
    const page = await pageOf({ ...run, metrics: [time] });
    expect(page).toContain('one step of the last digit that the program prints');
    expect(page).toContain('Crossed out: the pair does not count.');
    expect(page).not.toContain('Arrow: goes on');
    expect(page).toContain('where it leaves 0 there is a difference');
    const few = await pageOf({ ...run, pairs: run.pairs.slice(0, 4), metrics: [time] });
    expect(few).toContain('So few pairs cannot show a difference at any size');
    expect(await pageOf({ ...run, metrics: [{ ...time, margin: 1e-5 }] })).toContain('Arrow: goes on beyond the edge.');
  });
});

it.each([
  [[1.03, 17.5, 1072], 0.01],
  [[12, 13], undefined],
  [[1 / 3], undefined],
  [[1e-9], undefined],
  [[], undefined],
])('one step of the last printed digit of %p', (values, step) => expect(printedStep(values)).toBe(step));

describe('validity', () => {
  const failed = (run: RunData): string[] =>
    checkRun(run, analyseRun(run), undefined).flatMap(({ state, text }) => (state === 'failed' ? [text] : []));

  it('fails for everything that speaks against a run, and the box is red then', async () => {
    expect(failed(makeRun(1))).toEqual([]);
    const lame = makeRun(1, (pair, i) => {
      if (i === 0) return { ...pair, bare: undefined };
      if (i === 1) return { ...pair, bare: leg(1, { invalid: 'the residual FAILED' }) };
      return i === 2 ? { ...pair, container: leg(1, { nodes: ['c9'] }) } : pair;
    });
    expect(failed(lame)).toEqual([
      '1 of 20: planned pairs lack a leg',
      '1 of 19: pairs with a leg that is no result',
      '1 of 18: pairs whose legs differ from the request or each other',
      expect.stringMatching(/^\d+ pairs? ran bare metal first, \d+ the container$/),
    ]);
    expect(await pageOf(lame)).toContain('<section class="checks failed"');
    expect(failed({ ...makeRun(1.02), aa: true })).toEqual([
      expect.stringContaining('Bare metal differs from itself in gflops'),
    ]);
  });

  const texts = (run: RunData, last?: SelfRun): string[] =>
    checkRun(run, analyseRun(run), last).map(({ state, text }) => `${state}: ${text}`);

  it('names allocations that were not warmed up', () => {
    expect(texts(makeRun(1))).toContain('passed: Both legs were warmed up in 5 allocations');
    const cold = (legs: ('bare' | 'container')[], submission: number) => ({ submission, allocation: 3, legs });
    const run = makeRun(1);
    expect(texts({ ...run, warmUps: [cold(['bare'], 1), cold([], 2), cold(['bare', 'container'], 3)] })).toContain(
      'failed: Not warmed up well: allocation 3, 3 of submission 2',
    );
    expect(texts({ ...run, warmUps: [] })).toContain('failed: No allocation was warmed up');
  });

  it.each([
    [undefined, /^unknown: Bare metal was not compared with itself before this run: ctmgr bench run hpl --aa/],
    ['same', /^passed: Bare metal was the same as itself within the margin in hpl-1 \(2027-01-15\)$/],
    ['nothing', /^unknown: Bare metal against itself, hpl-1 \(2027-01-15\), could not tell$/],
    ['different', /^failed: Bare metal differed from itself in hpl-1 .*: the machine or the method is biased$/],
  ] as const)('holds the last run of bare metal against itself: %p', (says, expected) => {
    const last = says === undefined ? undefined : { name: 'hpl-1', created: 1_800_000_000, says };
    expect(texts(makeRun(1), last)).toContainEqual(expect.stringMatching(expected));
    // Such a run has its own answer.
    expect(texts({ ...makeRun(1), aa: true }, last)).not.toContainEqual(expect.stringMatching(expected));
  });

  it('does not call many allocations on the same nodes many nodes', () => {
    expect(texts(makeRun(1))).toContain('unknown: One set of nodes only: this says nothing about others');
    expect(texts(makeRun(1, undefined, { pairs: 20, allocations: 1 }))).toContain(
      'unknown: One allocation only: how far others differ from it is not in the intervals',
    );
    const spread = makeRun(1, (pair) => {
      const nodes = [`c${pair.allocation % 2}`];
      return { ...pair, bare: leg(900, { nodes }), container: leg(901, { nodes }) };
    });
    expect(texts(spread)).toContain('passed: 5 allocations on 2 different sets of nodes');
  });
});

describe('runs over time', () => {
  const later = { ...makeRun(1.02), name: 'hpl-2026-12-22.1', created: 1_802_592_000 };
  const series = compareRuns([later, makeRun(1), { ...makeRun(1), name: 'hpl-2026-11-22.2', aa: true }]);

  it('are put in order, with what has changed', () => {
    expect(series.map(({ runs }) => runs.map(({ run }) => run.name))).toEqual([
      ['hpl-2026-11-22.1', 'hpl-2026-12-22.1'],
      ['hpl-2026-11-22.2'],
    ]);
    expect(compareText(series)).toMatch(
      /change of the cost since the run before: \+2\.0\d % \(\+1\.9\d to \+2\.0\d %\), dearer/,
    );
    expect(compareText(compareRuns([makeRun(1), { ...makeRun(1), name: 'x' }]))).toContain('none shown');
    expect(compareJson(series)).toMatchObject({
      series: [{ metric: 'gflops', runs: [{ change: null }, { verdict: 'slower' }] }, {}],
    });
  });

  it('make a page with the same bytes every time', async () => {
    const page = await comparePage(series);
    expect(await comparePage(series)).toBe(page);
    expect(unbalanced(page)).toEqual([]);
    expect(page.match(/<figure /g)).toHaveLength(5);
    // The one that uses most of its margin stands first.
    expect(page).toMatch(
      /<desc id="last-description">hpl, gflops, Gflop\/s: \+2\.0\d % .*; hpl, bare metal against itself, gflops, Gflop\/s: /,
    );
    const name = `${'name-'.repeat(16)}2026-11-22.1`;
    const long = await comparePage(compareRuns([{ ...makeRun(1), name }]));
    expect(long).toMatch(new RegExp(`<desc id="s1-forest-description">${name}: `));
    // Both figures say the beginning and the end of it.
    expect(long).toMatch(/>name-name-na…-2026-11-22\.1</);
    expect(long).toContain('>name-name-name-name-name-na…-<');
    expect(long).toContain('>name-name-name-2026-11-22.1<');
    expect((await comparePage(series.slice(0, 1))).match(/<figure /g)).toHaveLength(2);
  });
});
