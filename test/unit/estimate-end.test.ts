import { describe, expect, test } from '@jest/globals';
import { estimateEnd, type TimedBuild } from '../../lib/builds/estimate-end.ts';

const now = 1_800_000_000;
const took = (seconds: Record<string, number>): Map<string, number> => new Map(Object.entries(seconds));
const running = (name: string, since = now): TimedBuild => ({ name, status: 'building', started: since, ended: null });
const waiting = (name: string): TimedBuild => ({ name, status: 'queued', started: null, ended: null });
const good = (name: string, seconds: number): TimedBuild => ({
  name,
  status: 'success',
  started: now - seconds,
  ended: now,
});

describe('the estimate of the end', () => {
  test.each<[what: string, builds: TimedBuild[], expected: Record<string, number>, seconds: number | undefined]>([
    ['one that runs', [running('a', now - 10)], { a: 60 }, 50],
    ['one that takes longer than the last time', [running('a', now - 100)], { a: 60 }, 0],
    [
      'those that wait take the places that become free',
      [running('a'), running('b'), waiting('c')],
      { a: 10, b: 30, c: 40 },
      50,
    ],
    [
      'the longest one that waits comes first',
      [running('a'), waiting('b'), waiting('c'), running('d')],
      { a: 10, b: 5, c: 20, d: 10 },
      30,
    ],
    ['one that was never built takes the median', [running('a'), waiting('new')], { a: 30, b: 10, c: 20 }, 60],
    ['or what has taken here', [good('a', 40), running('b')], {}, 40],
    ['nothing is known', [running('a'), waiting('b')], {}, undefined],
    ['nothing runs', [waiting('a')], { a: 30 }, undefined],
    ['nothing is left', [good('a', 5)], { a: 30 }, undefined],
  ])('%s', (_what, builds, expected, seconds) => {
    expect(estimateEnd(builds, took(expected), now)).toBe(seconds === undefined ? undefined : now + seconds);
  });
});
