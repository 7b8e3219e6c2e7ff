import type { BaseReference, Value } from './plan-value.ts';

/** Words are broken into pieces of this many characters, so that no line of a definition nears Apptainer's section limit. */
const pieceLength = 4096;
const longestLine = 4096;

/**
 * `text` as one word of a POSIX shell inside a definition file. The shell reads exactly these characters; Apptainer, which
 * reads the file before, finds none of its own marks in them: `%` or `bootstrap:` at the start of a line, `{{name}}`, a
 * carriage return at the end of a line (it would be dropped).
 */
export function quoteWord(text: string): string {
  if (/^[A-Za-z0-9_@+=:,./-]+$/.test(text) && text.length <= pieceLength) return text;
  return joinPieces([...text], "'", (piece) => piece.replaceAll("'", "'\\''"));
}

/** A command with its arguments; long ones are continued on further lines. */
export function quoteWords(words: readonly string[]): string {
  const quoted = words.map(quoteWord);
  const line = quoted.join(' ');
  return line.length <= longestLine ? line : quoted.join(' \\\n        ');
}

/**
 * A value in double quotes, with its references to the base image's variables left for the shell; `rename` says under which
 * other name a variable is kept. Only `\\ \" \$ \`` are escaped: `%environment` is read by a shell of Apptainer's own, which
 * keeps other backslashes (https://github.com/mvdan/sh).
 */
export function quoteValue(value: Value, rename: ReadonlyMap<string, string> = new Map()): string {
  const atoms = value.flatMap((part) =>
    typeof part === 'string'
      ? [...part].map((char) => (/[\\"$`]/.test(char) ? `\\${char}` : char))
      : [reference(part, rename)],
  );
  return joinPieces(atoms, '"', (piece) => piece);
}

function reference({ name, operator, word }: BaseReference, rename: ReadonlyMap<string, string>): string {
  const inner = word.map((part) => (typeof part === 'string' ? part : reference(part, rename))).join('');
  return `\${${rename.get(name) ?? name}${operator}${inner}}`;
}

/** True if the words inside a value's references are plain enough to mean the same to every shell. */
export function isPortable(value: Value): boolean {
  const isPlain = (part: string | BaseReference): boolean =>
    typeof part === 'string' ? /^[A-Za-z0-9_./:,=@%+ -]*$/.test(part) : part.word.every(isPlain);
  return value.every((part) => typeof part === 'string' || isPlain(part));
}

function joinPieces(atoms: readonly string[], quote: string, escape: (text: string) => string): string {
  const pieces: string[] = [];
  for (let at = 0; at === 0 || at < atoms.length; at += pieceLength) {
    pieces.push(quote + breakMarks(escape(atoms.slice(at, at + pieceLength).join('')), quote + quote) + quote);
  }
  return pieces.join('\\\n');
}

/** Closes and opens the quotes in the middle of everything that Apptainer would take for its own. */
function breakMarks(text: string, gap: string): string {
  return text
    .replaceAll(/\{(?=\{)/g, `{${gap}`)
    .replaceAll(/\r(?=\n)/g, `\r${gap}`)
    .replaceAll(/\n(?=bootstrap:)/gi, `\n${gap}`)
    .replaceAll(/\n[\s\u0085]*(?=%)/g, `$&${gap}`);
}
