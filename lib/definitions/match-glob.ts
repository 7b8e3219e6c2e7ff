type Token = { kind: 'star' } | { kind: 'one'; accepts: (char: string) => boolean };

/** True if a name with these characters is a pattern, not a name. */
export function isPattern(component: string): boolean {
  return /[*?[]/.test(component.replace(/\\./gs, ''));
}

/**
 * Matches one component of a path against a pattern of Go's filepath.Match (https://pkg.go.dev/path/filepath#Match): `*`, `?`,
 * `[a-z]`, `[^a]`, `\` escapes; a leading dot is nothing special. Undefined for a malformed pattern.
 */
export function compileGlob(pattern: string): ((name: string) => boolean) | undefined {
  const tokens = readTokens([...pattern]);
  return tokens && ((name) => matches([...name], tokens));
}

/** Keeps the set of positions that the tokens so far can reach: no backtracking, whatever the pattern. */
function matches(chars: readonly string[], tokens: readonly Token[]): boolean {
  let reached = new Set([0]);
  for (const token of tokens) {
    const next = new Set<number>();
    if (token.kind === 'star') {
      for (let at = Math.min(...reached); at <= chars.length; at += 1) next.add(at);
    } else {
      for (const at of reached) {
        const char = chars[at];
        if (char !== undefined && token.accepts(char)) next.add(at + 1);
      }
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(chars.length);
}

function readTokens(chars: readonly string[]): Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  while (at < chars.length) {
    const char = chars[at] as string;
    at += 1;
    if (char === '*') tokens.push({ kind: 'star' });
    else if (char === '?') tokens.push({ kind: 'one', accepts: () => true });
    else if (char === '[') {
      const set = readSet(chars, at);
      if (!set) return undefined;
      tokens.push({ kind: 'one', accepts: set.accepts });
      at = set.end;
    } else {
      const literal = char === '\\' ? chars[at] : char;
      if (literal === undefined) return undefined;
      if (char === '\\') at += 1;
      tokens.push({ kind: 'one', accepts: (other) => other === literal });
    }
  }
  return tokens;
}

function readSet(
  chars: readonly string[],
  start: number,
): { accepts: (char: string) => boolean; end: number } | undefined {
  const negated = chars[start] === '^';
  const ranges: [string, string][] = [];
  let at = negated ? start + 1 : start;
  const readOne = (): string | undefined => {
    if (chars[at] === '\\') at += 1;
    else if (chars[at] === '-' || chars[at] === ']') return undefined;
    at += 1;
    return chars[at - 1];
  };
  while (chars[at] !== ']' || ranges.length === 0) {
    const low = readOne();
    if (low === undefined) return undefined;
    let high: string | undefined = low;
    if (chars[at] === '-') {
      at += 1;
      high = readOne();
    }
    if (high === undefined) return undefined;
    ranges.push([low, high]);
  }
  const codes = ranges.map((range) => range.map((char) => char.codePointAt(0) as number) as [number, number]);
  const accepts = (char: string) => {
    const code = char.codePointAt(0) as number;
    return codes.some(([low, high]) => low <= code && code <= high) !== negated;
  };
  return { accepts, end: at + 1 };
}
