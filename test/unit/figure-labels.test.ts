import { describe, expect, it } from '@jest/globals';

import { brokenLabels, shortLabels } from '../../lib/benchmarks/html/figure-labels.ts';

describe('names beside a figure', () => {
  it('are cut in the middle if they are long, and stay different', () => {
    expect(shortLabels(['hpl-2026-11-22.1'], 30)).toEqual(['hpl-2026-11-22.1']);
    const [one = '', same = '', other = ''] = shortLabels(
      [`${'n'.repeat(50)}x-2026-11-22.1`, `${'n'.repeat(51)}y-2026-11-22.1`, `${'n'.repeat(50)}-2026-12-20.3`],
      30,
    );
    expect([one, other].map((label) => [...label].length)).toEqual([30, 30]);
    expect(one).toMatch(/^n{14}….*-2026-11-22\.1$/);
    expect(other).toMatch(/-2026-12-20\.3$/);
    const alike = shortLabels(['a'.repeat(40), 'a'.repeat(41)], 30);
    expect(new Set([one, same, other, ...alike]).size).toBe(5);
  });

  it('are broken into two lines where a part of them ends', () => {
    expect(brokenLabels(['short, s'])).toEqual(['short, s']);
    const [parts = '', solid = '', long = ''] = brokenLabels([
      'a-benchmark-of-ours-with-a-name, gflops, Gflop/s',
      'x'.repeat(64),
      '🜂'.repeat(200),
    ]);
    expect(parts).toBe('a-benchmark-of-ours-with-a-name,\ngflops, Gflop/s');
    expect(solid).toBe(`${'x'.repeat(27)}…xxxx\n${'x'.repeat(24)}`);
    expect(long.split('\n').map((line) => [...line].length)).toEqual([32, 24]);
    expect(long.isWellFormed()).toBe(true);
  });
});
