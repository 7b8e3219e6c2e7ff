import { exclusionReason } from './examine-pair.ts';
import type { RunData } from './run-data.ts';

const columns = [
  'allocation',
  'block',
  'position',
  'sequence',
  'leg',
  'period',
  'metric',
  'size',
  'value',
  'unit',
  'excluded',
];

/**
 * Every number of a run as CSV (RFC 4180), one line each, for other statistics programs. Texts that a spreadsheet would take
 * for a formula get an apostrophe before them (OWASP, "CSV Injection"); numbers stay as they are.
 */
export function reportCsv(run: RunData): string {
  const units = new Map(run.metrics.map(({ name, unit }) => [name, unit]));
  const rows = run.pairs.flatMap((pair) =>
    (['bare', 'container'] as const).flatMap((leg) => {
      const first = (leg === 'bare') === (pair.sequence === 'bare-first');
      const place = [pair.allocation, pair.block, pair.position, pair.sequence, leg, first ? 1 : 2];
      const reason = exclusionReason(pair, run) ?? '';
      return (pair[leg]?.measurements ?? []).map(({ metric, size, value }) =>
        [...place, metric, size ?? '', value, units.get(metric) ?? '', reason].map(field).join(','),
      );
    }),
  );
  return `${[columns.join(','), ...rows].join('\r\n')}\r\n`;
}

function field(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
