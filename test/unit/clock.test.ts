import { expect, test } from '@jest/globals';
import { epochSeconds, formatDuration, formatSize, formatTime } from '../../lib/util/clock.ts';

test('now is in whole seconds', () => {
  const before = Math.floor(Date.now() / 1000);
  const now = epochSeconds();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now() / 1000);
});

test("a time is shown in the reader's zone, always in the same width", () => {
  const local = (...parts: [number, number, number, number, number, number]): number =>
    new Date(...parts).getTime() / 1000;
  expect(formatTime(local(2026, 10, 22, 17, 5, 9))).toBe('2026-11-22 17:05:09');
  expect(formatTime(local(2027, 0, 1, 0, 0, 0))).toBe('2027-01-01 00:00:00');
});

test.each([
  [0, '00:00:00'],
  [59.9, '00:00:59'],
  [3599, '00:59:59'],
  [86_399, '23:59:59'],
  [86_400, '1-00:00:00'],
  [10 * 86_400 + 3661, '10-01:01:01'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [1536, '1.50 KiB'],
  [10_239, '10.0 KiB'],
  [1_047_552, '1023 KiB'],
  [1_048_576, '1.00 MiB'],
  [734_003_200, '700 MiB'],
  [5 * 1024 ** 6, '5120 PiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test('nothing is shown as nothing', () => {
  for (const format of [formatTime, formatDuration, formatSize]) {
    expect([format(null), format(undefined)]).toEqual(['', '']);
    expect(format(0)).not.toBe('');
  }
});
