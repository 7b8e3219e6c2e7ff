import type { Column } from '../commands/context.ts';
import { CtmgrError } from '../util/errors.ts';
import { escapeControls } from '../util/escape-controls.ts';

export interface TableStyle {
  /** `|` between fields, no padding: `--parsable2` of sacct(1). Values are plain: bytes, seconds since the epoch. */
  parsable: boolean;
  header: boolean;
  /** `name,status%20,tag%-12`: columns and widths as `sacct --format` takes them. */
  format?: string;
}

interface Field {
  column: Column;
  /** A fixed width, or undefined for as wide as needed. */
  width?: number;
  right: boolean;
}

/**
 * Records as lines in the manner of Slurm's own listings: no borders, header underlined, a cut value ends with `+`
 * (src/common/print_fields.c). Control characters are escaped, so that one record is one line. Unknown columns in
 * `format` are a usage error.
 */
export function formatTable(columns: Column[], records: Record<string, unknown>[], style: TableStyle): string {
  const fields = chooseFields(columns, style.format);
  const rows = records.map((record) => fields.map(({ column }) => cell(column, record[column.key], style.parsable)));
  const titles = fields.map(({ column }) => column.title);
  if (style.parsable) {
    const lines = rows.map((row) => row.map((text) => text.replaceAll('|', '\\|')).join('|'));
    return joinLines(style.header ? [titles.join('|'), ...lines] : lines);
  }
  const all = style.header ? [titles, ...rows] : rows;
  const widths = fields.map(
    ({ width }, i) => width ?? all.reduce((widest, row) => Math.max(widest, length(row[i])), 0),
  );
  const line = (row: string[]): string =>
    row
      .map((text, i) => pad(text, widths[i] ?? 0, fields[i]?.right ?? false))
      .join('  ')
      .trimEnd();
  const header = style.header ? [line(titles), line(widths.map((width) => '-'.repeat(width)))] : [];
  return joinLines([...header, ...rows.map(line)]);
}

function chooseFields(columns: Column[], format: string | undefined): Field[] {
  if (format === undefined) {
    return columns.filter((c) => c.shown !== false).map((column) => ({ column, right: column.align === 'right' }));
  }
  return format.split(',').map((item) => {
    const match = /^\s*([A-Za-z0-9_]+)(?:%(-?)(\d{1,4}))?\s*$/.exec(item);
    const column = columns.find(({ key }) => key === match?.[1]?.toLowerCase());
    if (match === null || column === undefined) {
      throw new CtmgrError('usage', `--format has no column ${JSON.stringify(item)}`, {
        why: `the columns are ${columns.map(({ key }) => key).join(', ')}`,
        hint: `--format=${columns
          .slice(0, 2)
          .map(({ key }) => key)
          .join(',')}`,
      });
    }
    const width = match[3] === undefined ? undefined : Number(match[3]);
    const right = width === undefined ? column.align === 'right' : match[2] !== '-';
    return { column, right, ...(width === undefined ? {} : { width }) };
  });
}

function cell(column: Column, value: unknown, parsable: boolean): string {
  const text = column.show === undefined || parsable ? plain(value) : column.show(value);
  return escapeControls(text);
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function pad(text: string, width: number, right: boolean): string {
  const characters = [...text];
  if (characters.length > width) return width === 0 ? '' : `${characters.slice(0, width - 1).join('')}+`;
  const fill = ' '.repeat(width - characters.length);
  return right ? fill + text : text + fill;
}

function length(text: string | undefined): number {
  return [...(text ?? '')].length;
}

function joinLines(lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
