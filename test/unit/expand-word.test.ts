import { describe, expect, test } from '@jest/globals';
import { expandWord, WordError } from '../../lib/definitions/expand-word.ts';
import { decodeValue, encodeValue, type Value } from '../../lib/definitions/plan-value.ts';

const known: Record<string, Value> = {
  A: ['1'],
  E: [],
  V: ['1.2.3-r4'],
  P: ['/x:', { name: 'PATH', operator: '', word: [] }],
  R: [{ name: 'BASE', operator: '', word: [] }],
};

function expand(word: string): string {
  return encodeValue(expandWord(word, (name) => known[name] ?? (name.startsWith('BASE') ? 'base' : 'unset')));
}

describe('expandWord', () => {
  test.each([
    ['plain', 'plain'],
    [String.raw`a\nb`, 'anb'],
    [String.raw`"a\nb"`, String.raw`a\\nb`],
    [String.raw`'a\nb $A'`, String.raw`a\\nb \$A`],
    [String.raw`"\$A" \$A '$A'`, String.raw`\$A \$A \$A`],
    [String.raw`"a\\b" a\\b`, String.raw`a\\b a\\b`],
    [String.raw`"a\"b"`, 'a"b'],
    [`it"'"s`, "it's"],
    ['$A ${A} $AB ${A}B', '1 1  1B'],
    ['$$ $1 $@ x$', '  '.concat(' ', String.raw`x\$`)],
    ['$', String.raw`\$`],
    ['a$ b', String.raw`a\$ b`],
    ['tail\\', 'tail'],
    ['${A:-w} ${E:-w} ${E-w} ${N:-w} ${N-w}', '1 w  w w'],
    ['${A:+w} ${E:+w} ${E+w} ${N:+w} ${N+w}', 'w  w  '],
    ['${A:?m} ${A?m} ${E?m}', '1 1 '],
    ['${N:-${E:-$A x}}', '1 x'],
    ['${N:-"a}b"}', 'a}b'],
    ['${V%%-*} ${V%.*} ${V##*.} ${V#*.} ${V#z}', '1.2.3 1.2 3-r4 2.3-r4 1.2.3-r4'],
    ['${V/./_} ${V//./_} ${V//?-/x} ${V/z/y}', '1_2.3-r4 1_2_3-r4 1.2.xr4 1.2.3-r4'],
    ['$P ${P:-x} ${P:+y}', '/x:${PATH} /x:${PATH} y'],
    ['$BASE ${BASE}x', '${BASE} ${BASE}x'],
    ['${BASE:+:$BASE} ${BASE:-a$A}', '${BASE:+:${BASE}} ${BASE:-a1}'],
    ['grüße $A ✓😀', 'grüße 1 ✓😀'],
  ])('%j gives %j', (word, value) => {
    expect(expand(word)).toBe(value);
  });

  test.each([
    '"a',
    "'a",
    'a"b\'c"d\'"',
    '${',
    '${A',
    '${A:-x',
    '${}',
    '${:x}',
    '${{x}}',
    '${A@Q}',
    '${A:=x}',
    '${N:?}',
    '${E:?m}',
    '${N?}',
  ])('%j is rejected', (word) => expect(() => expand(word)).toThrow(WordError));

  test.each(['${BASE:?}', '${BASE-x}', '${BASE%x}', '${BASE/a/b}', '${R:-x}', '${P%:*}', '${V/./${BASE}}'])(
    '%j depends on the base image in a way that cannot be carried',
    (word) => expect(() => expand(word)).toThrow(WordError),
  );

  test('deep nesting and costly patterns are rejected quickly instead of hanging or crashing', () => {
    expect(() => expand('${N:-'.repeat(20_000))).toThrow(WordError);
    known['LONG'] = ['a'.repeat(60_000)];
    expect(() => expand(`\${LONG//${'*a'.repeat(100)}/b}`)).toThrow(WordError);
    expect(expand(`\${LONG##${'*a'.repeat(20)}*b}`)).toHaveLength(60_000);
  });
});

describe('encodeValue and decodeValue', () => {
  test.each<[Value]>([
    [[]],
    [['']],
    [['a\\b$c}d{e"f\'g\n']],
    [['x', { name: 'PATH', operator: ':+', word: ['}:\\$', { name: 'B_1', operator: ':-', word: [] }] }, 'y}']],
  ])('carry %j there and back', (value) => {
    expect(decodeValue(encodeValue(value))).toEqual(value.filter((part) => part !== ''));
  });

  test.each(['$x', '${A', '${A:=b}', '${}'])('%j is no stored value', (text) => {
    expect(() => decodeValue(text)).toThrow(RangeError);
  });
});
