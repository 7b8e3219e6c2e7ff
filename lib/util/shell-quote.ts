/**
 * `text` as one word of a POSIX shell, in single quotes, so that nothing in it is expanded
 * (POSIX.1-2017 Shell Command Language, 2.2.2). NUL cannot occur in a word and is refused.
 */
export function shellQuote(text: string): string {
  if (text.includes('\0')) throw new RangeError('a shell word cannot hold a NUL character');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** An argument list as a line that a shell reads back as exactly these words. */
export function shellJoin(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}
