/** More decimals than this nobody prints: the values were computed. */
const mostDecimals = 6;

/**
 * One step of the last digit with which a program prints its values, from the decimals of all of them: 0.01 of 1.03, 17.5 and
 * 1072.2. Undefined for whole numbers, which may have been rounded anywhere, and for values that were computed.
 */
export function printedStep(values: readonly number[]): number | undefined {
  const texts = values.map(String);
  if (texts.some((text) => !/^\d+(\.\d+)?$/.test(text))) return undefined;
  const decimals = texts.map((text) => text.split('.')[1]?.length ?? 0).reduce((a, b) => Math.max(a, b), 0);
  return decimals === 0 || decimals > mostDecimals ? undefined : 10 ** -decimals;
}
