const units: [suffix: string, exponent: bigint][] = [
  ['TiB', 40n],
  ['GiB', 30n],
  ['MiB', 20n],
];
const exponents: Record<string, bigint> = { k: 10n, m: 20n, g: 30n, t: 40n };

/** How a definition says that a program prints a parameter back in another form than it was given. */
export const echoForms = ['same', 'ior-size'] as const;

export type EchoForm = (typeof echoForms)[number];

/** A requested value as the program prints it. */
export function echoedValue(value: string, form: EchoForm): string {
  return form === 'ior-size' ? iorSize(value) : value;
}

/**
 * A size in IOR's notation, such as `1536m`, as IOR prints it: `1.50 GiB`, whole ones without decimals, nothing between bytes
 * and MiB (hpc/ior, src/utilities.c, HumanReadable).
 */
function iorSize(value: string): string {
  const [, digits = '', suffix = ''] = /^(\d+)([kmgt]?)$/i.exec(value) ?? [];
  if (digits === '') return value;
  const bytes = BigInt(digits) << (exponents[suffix.toLowerCase()] ?? 0n);
  for (const [unit, exponent] of units) {
    const one = 1n << exponent;
    if (bytes >= one) {
      return `${bytes % one === 0n ? String(bytes / one) : (Number(bytes) / Number(one)).toFixed(2)} ${unit}`;
    }
  }
  return `${bytes} bytes`;
}
