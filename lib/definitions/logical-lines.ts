import { quote } from '../util/names.ts';
import type { RefusalDetails } from './refusal.ts';
import { findHeredocs } from './find-heredocs.ts';

/** One instruction on one physical line. */
export interface LogicalLine {
  /** Where it begins in the file, counted from 1. */
  line: number;
  /** Continuations joined, comments and blank lines inside them left out, no blanks around. */
  text: string;
}

export interface LogicalFile {
  lines: LogicalLine[];
  refusals: RefusalDetails[];
}

/** BuildKit's limit for a physical line, bufio.MaxScanTokenSize of Go. */
const longestLine = 64 * 1024 - 1;
const continuation = /(?:^|([^\\]))\\[ \t]*$/;
const directive = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;

/**
 * Splits a Dockerfile into instructions by the rules of BuildKit's line reader (moby/buildkit,
 * frontend/dockerfile/parser/parser.go): directives, comments, continuations, byte order mark, CRLF. Bodies of
 * here-documents are skipped with a refusal.
 */
export function readLogicalLines(text: string): LogicalFile {
  const physical = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const refusals: RefusalDetails[] = checkCharacters(physical);
  const lines: LogicalLine[] = [];
  let next = readDirectives(physical, refusals);
  while (next < physical.length) {
    const start = next;
    const first = physical[next] as string;
    next += 1;
    if (isComment(first) || first.trim() === '') continue;
    let joined = first.trimStart();
    let open = continuation.test(joined);
    if (open) joined = joined.replace(continuation, '$1');
    while (open && next < physical.length) {
      const following = physical[next] as string;
      next += 1;
      if (isComment(following) || following.trim() === '') continue;
      open = continuation.test(following);
      joined += open ? following.replace(continuation, '$1') : following;
    }
    joined = joined.trim();
    if (joined === '') continue;
    const line = { line: start + 1, text: joined };
    const heredocs = findHeredocs(joined);
    if (heredocs.length > 0) {
      next = skipBodies(physical, next, heredocs);
      refusals.push(refuseHeredoc(line));
    } else lines.push(line);
  }
  return { lines, refusals };
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#');
}

function checkCharacters(physical: readonly string[]): RefusalDetails[] {
  return physical.flatMap((text, index) => {
    const reason = text.includes('\0')
      ? 'holds a NUL character, which no shell, path or environment can carry'
      : Buffer.byteLength(text) > longestLine
        ? `is longer than ${longestLine} bytes, which Docker refuses too`
        : undefined;
    if (reason === undefined) return [];
    return [{ code: 'bad-character', line: index + 1, instruction: '', reason, wayOut: 'split or clean the line' }];
  });
}

/** Reads the directives at the top; returns the index of the first line after them. */
function readDirectives(physical: readonly string[], refusals: RefusalDetails[]): number {
  const seen = new Set<string>();
  for (const [index, text] of physical.entries()) {
    const [, word = '', value = ''] = directive.exec(text.trimStart()) ?? [];
    const name = word.toLowerCase();
    if (!['escape', 'syntax', 'check'].includes(name)) return index;
    const refuse = (code: string, reason: string, wayOut: string) =>
      refusals.push({ code, line: index + 1, instruction: `# ${name}`, reason, wayOut });
    if (seen.has(name)) refuse('syntax', 'the directive is there twice', 'remove one of them');
    seen.add(name);
    if (name === 'escape' && value !== '\\') {
      refuse('escape-directive', `escape character ${quote(value)} is not converted`, 'use \\ and remove it');
    }
    if (name === 'syntax' && !/^(docker\.io\/)?docker\/dockerfile(-upstream)?([:@].*)?$/.test(value)) {
      refuse('foreign-syntax', `frontend ${quote(value)} is not Docker's own`, 'use # syntax=docker/dockerfile:1');
    }
  }
  return physical.length;
}

function skipBodies(
  physical: readonly string[],
  from: number,
  heredocs: readonly { name: string; tabs: boolean }[],
): number {
  let next = from;
  for (const { name, tabs } of heredocs) {
    while (next < physical.length) {
      const text = physical[next] as string;
      next += 1;
      if ((tabs ? text.replace(/^\t+/, '') : text) === name) break;
    }
  }
  return next;
}

function refuseHeredoc({ line, text }: LogicalLine): RefusalDetails {
  return {
    code: 'heredoc',
    line,
    instruction: (/^\S+/.exec(text)?.[0] ?? '').toUpperCase(),
    reason: 'here-documents are not converted yet',
    wayOut: 'write the commands with && and \\, or COPY a script and run it',
  };
}
