/** One line of `.dockerignore`, or one value of `--exclude`. */
interface Rule {
  matches: RegExp;
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
    let ignored = false;
    for (const { matches, keeps } of rules) if (keeps === ignored && matches.test(path)) ignored = !keeps;
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
    return { keeps, matches: new RegExp(`^${toExpression(kept.join('/'))}(?:/.*)?$`, 'su') };
  } catch {
    throw new PatternSyntaxError(`${JSON.stringify(line)} is not a valid pattern`);
  }
}

function toExpression(pattern: string): string {
  const tokens = pattern.match(/\*\*\/?|\*|\?|\\.|\[(?:\\.|[^\]\\])+\]|./gsu) ?? [];
  return tokens
    .map((token, index) => {
      if (token.startsWith('**')) return index === tokens.length - 1 ? '.*' : '(?:.*/)?';
      if (token === '*') return '[^/]*';
      if (token === '?') return '[^/]';
      if (token.length > 1 && token.startsWith('[')) return token.replaceAll(/(?<!^)\[/g, '\\[');
      return escape(token.startsWith('\\') ? token.slice(1) : token);
    })
    .join('');
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
