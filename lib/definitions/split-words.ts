import { quote } from '../util/names.ts';
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
export function splitQuoted(text: string, escape = '\\'): string[] {
  const chars = [...text];
  const words: string[] = [];
  let word: string | undefined;
  let openQuote: string | undefined;
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] as string;
    if (openQuote === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= '';
    if (char === escape && openQuote !== "'") {
      const escaped = chars[at + 1];
      if (escaped !== undefined) word += char + escaped;
      at += 1;
      continue;
    }
    if (openQuote === undefined && (char === '"' || char === "'")) openQuote = char;
    else if (char === openQuote) openQuote = undefined;
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
export function splitPairs(text: string, escape = '\\'): RawPair[] {
  const words = splitQuoted(text, escape);
  const [first] = words;
  if (first === undefined) throw new PairError('needs at least one name=value');
  if (!first.includes('=')) {
    const [, name, value] = /^([^\t\v\f\r ]+)[\t\v\f\r ]+(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new PairError(`${quote(first)} has no value`);
    return [{ name, value }];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0) throw new PairError(`${quote(word)} has no =`);
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}
