import { quote } from '../util/names.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { RefusalDetails } from './refusal.ts';
import { findHeredocs, type Heredoc, type HeredocText } from './find-heredocs.ts';

/** One instruction on one physical line. */
export interface LogicalLine {
  /** Where it begins in the file, counted from 1. */
  line: number;
  /** Continuations joined, comments and blank lines inside them left out, no blanks around. */
  text: string;
  /** The here-documents that follow it. */
  heredocs: HeredocText[];
}

export interface LogicalFile {
  lines: LogicalLine[];
  refusals: RefusalDetails[];
  /** The character that continues lines and takes away a character's meaning: `\`, or what `# escape=` says. */
  escape: string;
}

/** BuildKit's limit for a physical line, bufio.MaxScanTokenSize of Go. */
const longestLine = 64 * 1024 - 1;
const directive = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;

/**
 * Splits a Dockerfile into instructions by the rules of BuildKit's line reader (moby/buildkit,
 * frontend/dockerfile/parser/parser.go): directives, comments, continuations, here-documents, byte order mark, CRLF.
 */
export function readLogicalLines(text: string): LogicalFile {
  const physical = text.replace(/^\uFEFF/, '').split('\n');
  if (physical.at(-1) === '') physical.pop();
  const refusals: RefusalDetails[] = checkCharacters(physical);
  const lines: LogicalLine[] = [];
  const directives = readDirectives(physical, refusals);
  const { escape } = directives;
  const continuation = escape === '`' ? /(?:^|([^`]))`[ \t]*$/ : /(?:^|([^\\]))\\[ \t]*$/;
  let next = directives.next;
  while (next < physical.length) {
    const start = next;
    const first = trimNewline(physical[next] as string);
    next += 1;
    if (isComment(first) || first.trim() === '') continue;
    let joined = first.trimStart();
    let open = continuation.test(joined);
    if (open) joined = joined.replace(continuation, '$1');
    while (open && next < physical.length) {
      const following = trimNewline(physical[next] as string);
      next += 1;
      if (isComment(following) || following.trim() === '') continue;
      open = continuation.test(following);
      joined += open ? following.replace(continuation, '$1') : following;
    }
    joined = joined.trim();
    if (joined === '') continue;
    const line: LogicalLine = { line: start + 1, text: joined, heredocs: [] };
    for (const heredoc of findHeredocs(joined)) {
      const body = readBody(physical, next, heredoc);
      next = body.next;
      line.heredocs.push({ ...heredoc, text: body.text });
      if (!body.terminated) refusals.push(unterminated(line, heredoc));
    }
    lines.push(line);
  }
  return { lines, refusals, escape };
}

function trimNewline(line: string): string {
  return line.replace(/\r+$/, '');
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

/** Reads the directives at the top; `next` is the index of the first line after them. */
function readDirectives(physical: readonly string[], refusals: RefusalDetails[]): { next: number; escape: string } {
  const seen = new Set<string>();
  let escape = '\\';
  for (const [index, text] of physical.entries()) {
    const [, word = '', value = ''] = directive.exec(text.trimStart()) ?? [];
    const name = word.toLowerCase();
    if (!['escape', 'syntax', 'check'].includes(name)) return { next: index, escape };
    const refuse = (code: ProblemCode, reason: string, wayOut: string) =>
      refusals.push({ code, line: index + 1, instruction: `# ${name}`, reason, wayOut });
    if (seen.has(name)) refuse('syntax', 'the directive is there twice', 'remove one of them');
    seen.add(name);
    if (name === 'escape') {
      if (value === '\\' || value === '`') escape = value;
      else refuse('syntax', `${quote(value)} cannot be the escape character`, 'use \\ or `');
    }
    if (name === 'syntax' && !/^(docker\.io\/)?docker\/dockerfile(-upstream)?([:@].*)?$/.test(value)) {
      refuse('foreign-syntax', `frontend ${quote(value)} is not Docker's own`, 'use # syntax=docker/dockerfile:1');
    }
  }
  return { next: physical.length, escape };
}

function readBody(
  physical: readonly string[],
  from: number,
  { name, tabs }: Heredoc,
): { text: string; next: number; terminated: boolean } {
  let text = '';
  for (let next = from; next < physical.length; next += 1) {
    const line = physical[next] as string;
    const candidate = trimNewline(line);
    if ((tabs ? candidate.replace(/^\t+/, '') : candidate) === name) return { text, next: next + 1, terminated: true };
    text += `${line}\n`;
  }
  return { text, next: physical.length, terminated: false };
}

function unterminated({ line, text }: LogicalLine, { name }: Heredoc): RefusalDetails {
  return {
    code: 'syntax',
    line,
    instruction: (/^\S+/.exec(text)?.[0] ?? '').toUpperCase(),
    reason: `the here-document ${quote(name)} has no end`,
    wayOut: `end it with a line ${quote(name)}, or write no blank before << if it is no here-document`,
  };
}
