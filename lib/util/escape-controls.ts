const controls = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** ECMA-48, 8.3.117: how colours are switched, which is all that most programs want of a terminal. */
// oxlint-disable-next-line no-control-regex -- these are what it looks for
const colours = /\x1b\[[\d;:]*m/g;

/**
 * `text` without characters that a terminal would obey or that would break a line: C0 and C1 controls, line separators
 * and those that change the direction of writing become `\n`, `\t` or `\uXXXX`.
 */
export function escapeControls(text: string): string {
  return text.replace(controls, escape);
}

/**
 * The same for a text of several lines that goes to a terminal, such as what a build has printed: line breaks and tabs stay,
 * colours are left out.
 */
export function escapeForTerminal(text: string): string {
  return text.replace(colours, '').replace(controls, (char) => (char === '\n' || char === '\t' ? char : escape(char)));
}

function escape(char: string): string {
  const short = JSON.stringify(char).slice(1, -1);
  return short === char ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : short;
}
