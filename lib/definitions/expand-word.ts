import { type BaseReference, encodeValue, joinValues, literalText, type Value } from './plan-value.ts';
import { PatternError, replacePattern, trimPrefix, trimSuffix } from './shell-pattern.ts';

/** What a name stands for: a value, certainly unset, or whatever the base image says. */
export type Lookup = (name: string) => Value | 'unset' | 'base';

/** A word that BuildKit rejects, or whose value cannot be known without the base image. */
export class WordError extends Error {}

/** Bounds on what a hostile file can make us do: steps of pattern matching, and `${a:-${b:-…}}` inside each other. */
const mostPatternSteps = 2e7;
const deepestNesting = 50;
/** Linux refuses longer strings in an environment (MAX_ARG_STRLEN, execve(2)). */
const longestValue = 128 * 1024;

export interface WordOptions {
  /** The character that takes away the meaning of the next one: `\\`, or what `# escape=` says. */
  escape?: string;
  /** Quotes are characters like others, as in the text of a here-document. */
  keepQuotes?: boolean;
}

/**
 * Removes quotes and expands variables in one word as BuildKit's Dockerfile frontend does
 * (moby/buildkit, frontend/dockerfile/shell/lex.go). Throws WordError.
 */
export function expandWord(word: string, lookup: Lookup, options: WordOptions = {}): Value {
  return new WordReader(word, lookup, options).readAll();
}

class WordReader {
  private readonly chars: readonly string[];
  private readonly lookup: Lookup;
  private readonly escape: string;
  private readonly keepQuotes: boolean;
  private at = 0;
  private depth = 0;
  private expanded = 0;

  constructor(word: string, lookup: Lookup, { escape = '\\', keepQuotes = false }: WordOptions) {
    this.chars = [...word];
    this.lookup = lookup;
    this.escape = escape;
    this.keepQuotes = keepQuotes;
  }

  readAll(): Value {
    return this.readUntil(undefined, false);
  }

  /** Reads to the end or past `stop`; `rawEscapes` keeps backslashes, for patterns. */
  private readUntil(stop: string | undefined, rawEscapes: boolean): Value {
    const pieces: Value[] = [];
    for (;;) {
      const char = this.next();
      if (char === undefined) {
        if (stop === undefined) return joinValues(pieces);
        throw new WordError(`missing ${stop} after \${`);
      }
      if (char === stop) return joinValues(pieces);
      if (char === "'" && !this.keepQuotes) pieces.push([this.readSingleQuoted()]);
      else if (char === '"' && !this.keepQuotes) pieces.push(this.readDoubleQuoted(rawEscapes));
      else if (char === '$') pieces.push(this.readDollar());
      else if (char === this.escape) pieces.push([(rawEscapes ? '\\' : '') + (this.next() ?? '')]);
      else pieces.push([char]);
    }
  }

  private readSingleQuoted(): string {
    const end = this.chars.indexOf("'", this.at);
    if (end < 0) throw new WordError("unterminated quote '");
    const text = this.chars.slice(this.at, end).join('');
    this.at = end + 1;
    return text;
  }

  private readDoubleQuoted(rawEscapes: boolean): Value {
    const pieces: Value[] = [];
    for (;;) {
      const char = this.next();
      if (char === undefined) throw new WordError('unterminated quote "');
      if (char === '"') return joinValues(pieces);
      if (char === '$') pieces.push(this.readDollar());
      else if (char === this.escape) {
        if (rawEscapes) pieces.push(['\\']);
        const following = this.chars[this.at];
        const special = following === '"' || following === '$' || following === this.escape;
        if (special) this.at += 1;
        if (following !== undefined) pieces.push([special ? following : this.escape]);
      } else pieces.push([char]);
    }
  }

  private readDollar(): Value {
    if (this.chars[this.at] !== '{') {
      const name = this.readName();
      return name === '' ? ['$'] : this.plainValue(name);
    }
    this.at += 1;
    this.depth += 1;
    if (this.depth > deepestNesting) throw new WordError(`more than ${deepestNesting} \${ inside each other`);
    const value = this.readBraced();
    this.depth -= 1;
    return value;
  }

  private readBraced(): Value {
    const name = this.readName();
    const char = this.next();
    if (char === undefined) throw new WordError('missing } after ${');
    if (name === '') throw new WordError(`bad substitution \${${char}`);
    if (char === '}') return this.plainValue(name);
    if (char === '/') return this.readReplacement(name);
    const colon = char === ':';
    const operator = colon ? this.next() : char;
    if (operator === '#' || operator === '%') return this.readTrim(name, operator);
    if (operator !== '-' && operator !== '+' && operator !== '?') {
      throw new WordError(`unsupported modifier ${colon ? ':' : ''}${operator ?? ''} in \${${name}`);
    }
    return this.chooseValue(name, operator, colon, this.readUntil('}', false));
  }

  private plainValue(name: string): Value {
    const found = this.find(name);
    if (found === 'unset') return [];
    return found === 'base' ? [{ name, operator: '', word: [] }] : found;
  }

  /** `ENV A=$A$A` doubles a value with each line. */
  private find(name: string): Value | 'unset' | 'base' {
    const found = this.lookup(name);
    if (typeof found !== 'string') this.expanded += encodeValue(found).length;
    if (this.expanded > longestValue) throw new WordError(`more than ${longestValue} characters`);
    return found;
  }

  private chooseValue(name: string, operator: '-' | '+' | '?', colon: boolean, word: Value): Value {
    const found = this.find(name);
    if (found === 'base') {
      if (operator === '?' || !colon) {
        throw new WordError(`\${${name}${colon ? ':' : ''}${operator}…} asks whether the base image sets ${name}`);
      }
      const reference: BaseReference = { name, operator: `:${operator}`, word };
      return [reference];
    }
    const missing = found === 'unset' || (colon && this.isEmpty(name, found));
    if (operator === '+') return missing ? [] : word;
    if (!missing) return found;
    if (operator === '-') return word;
    throw new WordError(`${name}: ${literalText(word) || (found === 'unset' ? 'is not set' : 'is empty')}`);
  }

  private isEmpty(name: string, value: Value): boolean {
    if (value.length === 0) return true;
    if (value.some((part) => typeof part === 'string')) return false;
    throw new WordError(`whether ${name} is empty depends on the base image`);
  }

  private readTrim(name: string, operator: '#' | '%'): Value {
    const longest = this.chars[this.at] === operator;
    if (longest) this.at += 1;
    const pattern = this.literalOf(this.readUntil('}', true), `the pattern in \${${name}`);
    const text = this.literalOf(this.plainValue(name), `\${${name}${operator}…}`);
    return this.withPattern(text.length * pattern.length, () =>
      (operator === '#' ? trimPrefix : trimSuffix)(text, pattern, longest),
    );
  }

  private readReplacement(name: string): Value {
    const all = this.chars[this.at] === '/';
    if (all) this.at += 1;
    const pattern = this.literalOf(this.readUntil('/', true), `the pattern in \${${name}`);
    const replacement = this.literalOf(this.readUntil('}', true), `the replacement in \${${name}`);
    if (pattern === '') throw new WordError(`empty pattern in \${${name}/…}`);
    if (/[\\$]/.test(replacement)) throw new WordError(`\\ or $ in the replacement of \${${name}/…}`);
    const text = this.literalOf(this.plainValue(name), `\${${name}/…}`);
    return this.withPattern(text.length ** 2 * pattern.length, () => replacePattern(text, pattern, replacement, all));
  }

  private withPattern(steps: number, apply: () => string): Value {
    if (steps > mostPatternSteps) throw new WordError('a pattern is applied to too long a value');
    try {
      return joinValues([[apply()]]);
    } catch (error) {
      if (error instanceof PatternError) throw new WordError(error.message);
      throw error;
    }
  }

  private literalOf(value: Value, what: string): string {
    const text = literalText(value);
    if (text === undefined) throw new WordError(`${what} depends on a variable of the base image`);
    return text;
  }

  /** A variable's name, a number or a special parameter; empty if there is none. */
  private readName(): string {
    const rest = this.chars[this.at];
    if (rest === undefined) return '';
    const accept = /\p{Nd}/u.test(rest) ? /\p{Nd}/u : /[\p{L}\p{Nd}_]/u;
    if ('@*#?-$!'.includes(rest)) {
      this.at += 1;
      return rest;
    }
    const start = this.at;
    while (this.at < this.chars.length && accept.test(this.chars[this.at] as string)) this.at += 1;
    return this.chars.slice(start, this.at).join('');
  }

  private next(): string | undefined {
    const char = this.chars[this.at];
    if (char !== undefined) this.at += 1;
    return char;
  }
}
