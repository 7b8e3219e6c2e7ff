import { quoteWord } from './definition-quote.ts';

/** Short enough to be read on one line. */
const shortEnough = 60;

/**
 * The text of a RUN in lines, about as the Dockerfile has it: BuildKit joins continued lines without a trace, but the indentation of
 * the next line stays. Joined again, the pieces are exactly the text.
 */
function splitLines(text: string): string[] {
  if (text.length <= shortEnough || text.includes('\n')) return [text];
  const lines: string[] = [];
  let line = '';
  for (const [part] of text.matchAll(/'[^']*'|"(?:[^"\\]|\\.)*"|[ \t]+|\\.|[^'"\s\\]+|./gs)) {
    if (/^[ \t]{2,}$/.test(part) && line.trim() !== '') {
      lines.push(line + part.slice(0, 1));
      line = part.slice(1);
    } else line += part;
  }
  return [...lines, line];
}

/** The text as one word of a shell, like `quoteWord`, with line breaks outside the quotes: the word has none of them. */
export function quoteLines(text: string): string {
  return splitLines(text).map(quoteWord).join('\\\n');
}

/** A plain command or list of them, see `plain-command.ts`, continued where the Dockerfile's own lines were. */
export function wrapPlain(text: string, tidy: (line: string) => string): string {
  return splitLines(text)
    .map((line) => tidy(line).trim())
    .filter((line) => line !== '')
    .join(' \\\n        ');
}
