import { describe, expect, test } from '@jest/globals';
import { compactIndices, expandIndices, parseElementId } from '../../lib/slurm/array-indices.ts';

describe('expandIndices', () => {
  test.each([
    ['7', [7]],
    ['0', [0]],
    ['1,3,5', [1, 3, 5]],
    ['4-7', [4, 5, 6, 7]],
    ['4-6%2', [4, 5, 6]],
    ['1-9:4', [1, 5, 9]],
    ['1-8:4', [1, 5]],
    ['95,97,99-100%3', [95, 97, 99, 100]],
    ['1,1-2', [1, 2]],
  ])('%s', (text, expected) => {
    expect(expandIndices(text)).toEqual(expected);
  });

  test.each(['', '1,3,...', '1,3,5,...%2', '0x7f0', '3-1', '1-5:0', '-1', '1,', 'a', '1-9999999', '1%', '1 ,2'])(
    'refuses %j',
    (text) => {
      expect(expandIndices(text)).toBeUndefined();
    },
  );
});

describe('parseElementId', () => {
  test('an element, a compressed remainder, a job without array', () => {
    expect(parseElementId('123_4')).toEqual({ arrayJobId: 123, indices: [4], compressed: false });
    expect(parseElementId('56502501_[1%1]')).toEqual({ arrayJobId: 56_502_501, indices: [1], compressed: true });
    expect(parseElementId('10_[1,4-6%2]')).toEqual({ arrayJobId: 10, indices: [1, 4, 5, 6], compressed: true });
    expect(parseElementId('123')).toEqual({ arrayJobId: 123, indices: undefined, compressed: false });
    expect(parseElementId('123+1')).toEqual({ arrayJobId: 123, indices: undefined, compressed: false });
  });

  test.each(['', '123_4.batch', '123_[1,2,...]', '123_', '123_[]', '123_[4', 'x_1'])('refuses %j', (text) => {
    expect(parseElementId(text)).toBeUndefined();
  });
});

describe('compactIndices', () => {
  test.each([
    [[3], '3'],
    [[1, 2, 3], '1-3'],
    [[9, 1, 2, 10, 7, 2], '1-2,7,9-10'],
    [[0, 2, 4], '0,2,4'],
    [[], ''],
  ])('%j', (indices, expected) => {
    expect(compactIndices(indices)).toBe(expected);
  });

  test('what it writes is read back', () => {
    const indices = [0, 1, 2, 5, 8, 9, 4_000_000];
    expect(expandIndices(compactIndices(indices))).toEqual(indices);
  });

  test.each([-1, 1.5, Number.NaN])('refuses %d', (index) => {
    expect(() => compactIndices([index])).toThrow(RangeError);
  });
});
