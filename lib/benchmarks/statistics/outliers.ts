import { median } from './describe.ts';

/** Beyond this modified z-score a value is called outlying (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993). */
const cut = 3.5;

/**
 * The indices of values whose distance from the median exceeds 3.5 · 1.4826 · MAD. They are named in the report and never
 * left out for it: what is rare may be what the container costs. If more than half of the values are equal, the MAD is 0
 * and any other value is outlying.
 */
export function outlyingIndices(values: readonly number[]): number[] {
  const centre = median(values);
  const distances = values.map((value) => Math.abs(value - centre));
  const limit = cut * 1.4826 * median(distances);
  return [...distances.keys()].filter((index) => (distances[index] ?? 0) > limit);
}
