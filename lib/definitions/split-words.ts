/** Blanks between words as BuildKit splits them. */
const blanks = /[\t\v\f\r ]+/;

/** Splits at blanks without regard to quotes, as FROM, COPY and ADD do. */
export function splitBlanks(text: string): string[] {
  return text === '' ? [] : text.split(blanks);
}

/**
 * Splits into words in which quotes and escapes keep blanks; both stay in the words
 * (moby/buildkit, frontend/dockerfile/parser/line_parsers.go, parseWords).
 */
export function splitQuoted(text: string): string[] {
  const chars = [...text];
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] as string;
    if (quote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= '';
    if (char === '\\' && quote !== "'") {
      const escaped = chars[at + 1];
      if (escaped !== undefined) word += char + escaped;
      at += 1;
      continue;
    }
    if (quote === undefined && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = undefined;
    word += char;
  }
  if (word !== undefined && word !== '') words.push(word);
  return words;
}

/** One `name=value` as written, quotes and all. */
export interface RawPair {
  name: string;
  value: string;
}

/** A pair without `=`, or a name without a value. */
export class PairError extends Error {}

/** The pairs of ENV and LABEL: `name=value …`, or the old form `name rest of the line`. Throws PairError. */
export function splitPairs(text: string): RawPair[] {
  const words = splitQuoted(text);
  const [first] = words;
  if (first === undefined) throw new PairError('needs at least one name=value');
  if (!first.includes('=')) {
    const [, name, value] = /^([^\t\v\f\r ]+)[\t\v\f\r ]+(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new PairError(`${first} has no value`);
    return [{ name, value }];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) throw new PairError(`${JSON.stringify(word)} has no =`);
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}
