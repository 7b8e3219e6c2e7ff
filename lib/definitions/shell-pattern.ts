type Token = { kind: 'char'; char: string } | { kind: 'any' } | { kind: 'star' };

/** A pattern that BuildKit does not accept. */
export class PatternError extends Error {}

/** `${x#p}`, `${x##p}`: removes the shortest or longest beginning of `text` that the pattern (`*`, `?`) matches. */
export function trimPrefix(text: string, pattern: string, longest: boolean): string {
  const end = matchEnd([...text], readPattern(pattern), longest);
  return end === undefined ? text : [...text].slice(end).join('');
}

/** `${x%p}`, `${x%%p}`: the same at the end of `text`. */
export function trimSuffix(text: string, pattern: string, longest: boolean): string {
  const chars = [...text];
  const end = matchEnd(chars.toReversed(), readPattern(pattern).toReversed(), longest);
  return end === undefined ? text : chars.slice(0, chars.length - end).join('');
}

/** `${x/p/r}`, `${x//p/r}`: replaces the first or every longest match. */
export function replacePattern(text: string, pattern: string, replacement: string, all: boolean): string {
  const tokens = readPattern(pattern);
  const chars = [...text];
  let result = '';
  let at = 0;
  while (at < chars.length) {
    const length = matchEnd(chars.slice(at), tokens, true);
    if (length === undefined || length === 0) {
      result += chars[at] as string;
      at += 1;
      continue;
    }
    result += replacement;
    at += length;
    if (!all) break;
  }
  return result + chars.slice(at).join('');
}

/** The length of the shortest or longest beginning that matches. Linear in text times pattern, whatever the pattern. */
function matchEnd(chars: readonly string[], tokens: readonly Token[], longest: boolean): number | undefined {
  let ends = new Set([0]);
  for (const token of tokens) {
    const next = new Set<number>();
    if (token.kind === 'star') {
      let open = false;
      for (let at = 0; at <= chars.length; at += 1) {
        if (at > 0 && chars[at - 1] === '\n') open = false;
        open ||= ends.has(at);
        if (open) next.add(at);
      }
    } else {
      for (const at of ends) {
        const char = chars[at];
        if (char === undefined) continue;
        if (token.kind === 'any' ? char !== '\n' : char === token.char) next.add(at + 1);
      }
    }
    ends = next;
  }
  if (ends.size === 0) return undefined;
  let best: number | undefined;
  for (const end of ends) {
    if (best === undefined || (longest ? end > best : end < best)) best = end;
  }
  return best;
}

function readPattern(pattern: string): Token[] {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] as string;
    if (char === '*') tokens.push({ kind: 'star' });
    else if (char === '?') tokens.push({ kind: 'any' });
    else if (char !== '\\') tokens.push({ kind: 'char', char });
    else {
      at += 1;
      const escaped = chars[at];
      if (escaped === undefined || !'*?\\}/'.includes(escaped)) {
        throw new PatternError(`invalid escape \\${escaped ?? ''} in a pattern`);
      }
      tokens.push({ kind: 'char', char: escaped });
    }
  }
  return tokens;
}
