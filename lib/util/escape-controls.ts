/**
 * `text` without characters that a terminal would obey or that would break a line: C0 and C1 controls, line separators
 * and those that change the direction of writing become `\n`, `\t` or `\uXXXX`.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (char) => {
    const short = JSON.stringify(char).slice(1, -1);
    return short === char ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : short;
  });
}
