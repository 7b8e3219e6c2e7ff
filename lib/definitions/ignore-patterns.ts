/** One character; any number of them; everything up to and with a slash, or nothing. */
type Token = { kind: 'one' | 'many'; accepts: (char: string) => boolean } | { kind: 'folders' };

/** One line of `.dockerignore`, or one value of `--exclude`. */
interface Rule {
  tokens: readonly Token[];
  /** `!`: what matches is not ignored after all. */
  keeps: boolean;
}

/**
 * Whether a path is ignored by patterns as `.dockerignore` has them: the last one that matches the path or a folder above it
 * decides (moby/patternmatcher). Throws PatternSyntaxError for a malformed one.
 */
export function compileIgnore(patterns: readonly string[]): (path: string) => boolean {
  const rules = patterns.flatMap((pattern) => readRule(pattern) ?? []);
  return (path) => {
    const chars = [...path];
    let ignored = false;
    for (const { tokens, keeps } of rules) if (keeps === ignored && matches(chars, tokens)) ignored = !keeps;
    return ignored;
  };
}

/** The patterns of a `.dockerignore`: comments and blank lines left out (moby/patternmatcher, ignorefile). */
export function readIgnoreFile(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A pattern that Docker would not accept either. */
export class PatternSyntaxError extends Error {}

function readRule(line: string): Rule | undefined {
  const keeps = line.startsWith('!');
  const names = (keeps ? line.slice(1) : line).trim().split('/');
  const kept: string[] = [];
  for (const name of names) {
    if (name === '..') kept.pop();
    else if (name !== '' && name !== '.') kept.push(name);
  }
  if (kept.length === 0) return undefined;
  try {
    return { keeps, tokens: readTokens(kept.join('/')) };
  } catch {
    throw new PatternSyntaxError(`${JSON.stringify(line)} is not a valid pattern`);
  }
}

function readTokens(pattern: string): Token[] {
  const tokens = pattern.match(/\*\*\/?|\*|\?|\\.|\[(?:\\.|[^\]\\])+\]|./gsu) ?? [];
  return tokens.map((token, index): Token => {
    if (token.startsWith('**'))
      return index === tokens.length - 1 ? { kind: 'many', accepts: () => true } : { kind: 'folders' };
    if (token === '*') return { kind: 'many', accepts: (char) => char !== '/' };
    if (token === '?') return { kind: 'one', accepts: (char) => char !== '/' };
    if (token.length > 1 && token.startsWith('[')) {
      const set = new RegExp(`^${token.replaceAll(/(?<!^)\[/g, '\\[')}$`, 'su');
      return { kind: 'one', accepts: (char) => set.test(char) };
    }
    const literal = token.startsWith('\\') ? token.slice(1) : token;
    return { kind: 'one', accepts: (char) => char === literal };
  });
}

/** True if the tokens match the path or a folder above it. Keeps the positions they can reach: no backtracking, whatever they are. */
function matches(chars: readonly string[], tokens: readonly Token[]): boolean {
  let reached = new Set([0]);
  for (const token of tokens) {
    reached = token.kind === 'one' ? stepOne(chars, reached, token.accepts) : stepMany(chars, reached, token);
    if (reached.size === 0) return false;
  }
  return [...reached].some((at) => at === chars.length || chars[at] === '/');
}

function stepOne(chars: readonly string[], reached: ReadonlySet<number>, accepts: (char: string) => boolean) {
  const next = new Set<number>();
  for (const at of reached) {
    const char = chars[at];
    if (char !== undefined && accepts(char)) next.add(at + 1);
  }
  return next;
}

function stepMany(chars: readonly string[], reached: ReadonlySet<number>, token: Token): Set<number> {
  const next = new Set<number>();
  let open = false;
  for (let at = Math.min(...reached); at <= chars.length; at += 1) {
    const before = chars[at - 1];
    if (token.kind === 'folders') {
      if (reached.has(at) || (open && before === '/')) next.add(at);
      open ||= reached.has(at);
    } else {
      open = reached.has(at) || (open && before !== undefined && token.accepts(before));
      if (open) next.add(at);
    }
  }
  return next;
}
