/**
 * A value that may depend on the base image: literal text and references to variables of the base image.
 * `PlanVariable.value` holds it as text, see there.
 */
export type Value = readonly (string | BaseReference)[];

export type ReferenceOperator = '' | ':-' | ':+';

/** `${name}` or `${name<operator>word}` of a shell. */
export interface BaseReference {
  name: string;
  operator: ReferenceOperator;
  word: Value;
}

/** Joins pieces into a value without empty or adjacent literals. */
export function joinValues(pieces: readonly Value[]): Value {
  const joined: (string | BaseReference)[] = [];
  for (const part of pieces.flat()) {
    const last = joined.at(-1);
    if (part === '') continue;
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  return joined;
}

/** The text of a value that does not depend on the base image, otherwise undefined. */
export function literalText(value: Value): string | undefined {
  return value.every((part) => typeof part === 'string') ? value.join('') : undefined;
}

/** All names of the base image that a value refers to. */
export function baseNames(value: Value): string[] {
  return value.flatMap((part) => (typeof part === 'string' ? [] : [part.name, ...baseNames(part.word)]));
}

/** A value as `PlanVariable.value` holds it. */
export function encodeValue(value: Value, inWord = false): string {
  return value
    .map((part) =>
      typeof part === 'string'
        ? part.replace(inWord ? /[\\$}]/g : /[\\$]/g, String.raw`\$&`)
        : `\${${part.name}${part.operator}${encodeValue(part.word, true)}}`,
    )
    .join('');
}

/** The opposite of `encodeValue`; throws RangeError for text that it never writes. */
export function decodeValue(text: string): Value {
  const { value, end } = decodeFrom(text, 0, false);
  if (end !== text.length) throw new RangeError(`stray } in a stored value at ${end}`);
  return value;
}

function decodeFrom(text: string, start: number, inWord: boolean): { value: Value; end: number } {
  const parts: (string | BaseReference)[] = [];
  let literal = '';
  let at = start;
  while (at < text.length) {
    const char = text[at] as string;
    if (inWord && char === '}') break;
    if (char === '\\') {
      literal += text[at + 1] ?? '';
      at += 2;
    } else if (char === '$') {
      const head = /^\$\{([A-Za-z_]\w*)(?:(:[-+])|(?=\}))/.exec(text.slice(at));
      if (!head) throw new RangeError(`bad reference in a stored value at ${at}`);
      const word = decodeFrom(text, at + head[0].length, true);
      if (text[word.end] !== '}') throw new RangeError(`unfinished reference in a stored value at ${at}`);
      parts.push(literal, {
        name: head[1] as string,
        operator: (head[2] ?? '') as ReferenceOperator,
        word: word.value,
      });
      literal = '';
      at = word.end + 1;
    } else {
      literal += char;
      at += 1;
    }
  }
  parts.push(literal);
  return { value: joinValues([parts]), end: at };
}

/** The text of a value for known variables of the base image, as a shell would have it. */
export function resolveValue(value: Value, base: ReadonlyMap<string, string>): string {
  return value
    .map((part) => {
      if (typeof part === 'string') return part;
      const known = base.get(part.name) ?? '';
      if (part.operator === '') return known;
      const word = resolveValue(part.word, base);
      return part.operator === ':-' ? known || word : known && word;
    })
    .join('');
}
