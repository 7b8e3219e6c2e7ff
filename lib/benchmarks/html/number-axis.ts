/**
 * An axis with as few digits as its ticks need: d3-format's `~` trims zeros, and a power of ten appears only where figures
 * would be long.
 */
export function numberAxis(title: string, [low, high]: readonly [number, number]) {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const digits = Math.min(12, Math.max(3, Math.ceil(Math.log10(largest / (high - low))) + 2));
  const format = largest >= 1e6 || largest < 1e-3 ? `.${digits}~e` : `.${digits}~r`;
  return { title, format, tickCount: 5 };
}
