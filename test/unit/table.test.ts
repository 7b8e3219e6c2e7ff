import { describe, expect, test } from '@jest/globals';
import { formatAnswer } from '../../lib/cli/output.ts';
import { formatTable } from '../../lib/cli/table.ts';
import { makeTerminal } from '../../lib/cli/terminal.ts';
import type { Column } from '../../lib/commands/context.ts';

const columns: Column[] = [
  { key: 'name', title: 'NAME' },
  { key: 'size', title: 'SIZE', align: 'right', show: (value) => `${String(value)} B` },
  { key: 'note', title: 'NOTE', shown: false },
];
const records = [
  { name: 'lammps', size: 7, note: 'a|b' },
  { name: 'namd', size: 1234, note: null },
];
const plain = { parsable: false, header: true };

describe('for people', () => {
  test('columns are as wide as they have to be, numbers stand on the right, nothing trails', () => {
    expect(formatTable(columns, records, plain)).toBe(
      ['NAME      SIZE', '------  ------', 'lammps     7 B', 'namd    1234 B', ''].join('\n'),
    );
  });

  test('without a header', () => {
    expect(formatTable(columns, records, { ...plain, header: false })).toBe('lammps     7 B\nnamd    1234 B\n');
  });

  test('a format chooses columns, widths and sides; a cut value ends with +', () => {
    const format = 'NAME%4,name%-8,note%3';
    expect(formatTable(columns, records, { ...plain, format })).toBe(
      ['NAME  NAME      NO+', '----  --------  ---', 'lam+  lammps    a|b', 'namd  namd', ''].join('\n'),
    );
  });

  test.each([
    ['name%1', '+\n+\n'],
    ['name%0', '\n\n'],
    ['name%6', 'lammps\n  namd\n'],
    ['name', 'lammps\nnamd\n'],
  ])('width at the edge: %s', (format, text) => {
    expect(formatTable(columns, records, { parsable: false, header: false, format })).toBe(text);
  });

  test('cutting counts characters, not halves of them', () => {
    const format = 'name%3';
    expect(formatTable(columns, [{ name: '😀😀😀😀' }], { ...plain, header: false, format })).toBe('😀😀+\n');
    expect(formatTable(columns, [{ name: '😀😀😀' }], { ...plain, header: false, format })).toBe('😀😀😀\n');
  });

  test('a wide value makes the column wide', () => {
    const wide = 'x'.repeat(300);
    const [first] = formatTable(columns, [{ name: wide, size: 1 }], { ...plain, header: false }).split('\n');
    expect(first).toBe(`${wide}  1 B`);
  });

  test.each(['size,nope', '', 'name%', 'name%x', 'name%99999', 'name;size'])('the format %j is refused', (format) => {
    expect(() => formatTable(columns, records, { ...plain, format })).toThrow(
      expect.objectContaining({ code: 'usage', why: 'the columns are name, size, note' }),
    );
  });
});

test('as many lines as a busy year has jobs', () => {
  const many = Array.from({ length: 150_000 }, () => ({ name: 'x', size: 1 }));
  const style = { parsable: false, header: false, format: 'name' };
  expect(formatTable(columns, many, style)).toHaveLength(300_000);
});

test('control characters stay on one line and cannot reach the terminal', () => {
  const evil = 'a\nb\u001b[2J\u009b1m\u007f\u2028c';
  for (const parsable of [true, false]) {
    const text = formatTable(columns, [{ name: evil, size: 1 }], { parsable, header: false, format: 'name' });
    expect(text).toBe(`${String.raw`a\nb\u001b[2J\u009b1m\u007f\u2028c`}\n`);
  }
});

test('a terminal obeys nothing of what a log or a definition holds; files and pipes get it as it is', () => {
  const text = 'ok\n\u001b]0;owned\u0007\u009b2J\n';
  const options = { json: false, parsable: false, header: true };
  expect(formatAnswer({ kind: 'text', text }, { ...options, terminal: true })).toBe(
    'ok\n\\u001b]0;owned\\u0007\\u009b2J\n',
  );
  expect(formatAnswer({ kind: 'text', text }, options)).toBe(text);
  const asJson = formatAnswer({ kind: 'text', text }, { ...options, json: true, terminal: true });
  expect(JSON.parse(asJson)).toEqual({ text });
  const written: string[] = [];
  const stream = { isTTY: true, columns: 80, rows: 24, write: (part: string) => written.push(part) };
  const terminal = makeTerminal(stream as unknown as NodeJS.WriteStream);
  terminal.say('app: failed (\u001b[2Jgone\r)\nnext');
  terminal.repaint(['b1: \u001b[31mapp\nb2']);
  expect(written.slice(0, 1)).toEqual(['app: failed (\\u001b[2Jgone\\r)\nnext\n']);
  expect(written.slice(1).join('')).toContain(String.raw`b1: \u001b[31mapp\nb2`);
});

describe('for programs', () => {
  test('fields are separated by |, which is escaped inside, and hold the bare values', () => {
    const style = { parsable: true, header: true, format: 'name,size,note' };
    expect(formatTable(columns, records, style)).toBe(
      ['NAME|SIZE|NOTE', String.raw`lammps|7|a\|b`, 'namd|1234|', ''].join('\n'),
    );
  });

  test('no record is no line; an asked-for format still has its header', () => {
    const options = { json: false, parsable: false, header: true };
    const answer = { kind: 'table' as const, columns, records: [] };
    expect(formatAnswer(answer, options)).toBe('');
    expect(formatAnswer(answer, { ...options, parsable: true })).toBe('NAME|SIZE\n');
    expect(formatAnswer(answer, { ...options, format: 'name' })).toBe('NAME\n----\n');
    expect(formatAnswer(answer, { ...options, json: true })).toBe('[]\n');
  });

  test('--json is one document with every key', () => {
    const answer = { kind: 'table' as const, columns, records };
    const options = { json: true, parsable: true, header: false, format: 'name' };
    expect(JSON.parse(formatAnswer(answer, options))).toEqual(records);
  });
});
