/** A here-document that an instruction announces: its end mark, and whether tabs before it are ignored (`<<-`). */
export interface Heredoc {
  name: string;
  tabs: boolean;
  /** No quotes around the mark: COPY and ADD expand variables in the text. */
  expand: boolean;
}

/** A here-document with its lines, line breaks included, as they stand in the file. */
export interface HeredocText extends Heredoc {
  text: string;
}

/**
 * The here-documents that BuildKit finds in a RUN, COPY or ADD line: whole shell words of the form `<<NAME`, where quotes
 * keep a word together (moby/buildkit, frontend/dockerfile/parser/parser.go, heredocsFromLine).
 */
export function findHeredocs(line: string): Heredoc[] {
  const found = /^(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s+(.*)$/is.exec(line);
  const words = found ? shellWords(found[1] as string) : undefined;
  return (words ?? []).flatMap((word) => readHeredocWord(word) ?? []);
}

/** The here-document that a single word announces. */
export function readHeredocWord(word: string): Heredoc | undefined {
  const parts = /^\d*<<(-?)\s*([^<]*)$/s.exec(word);
  const mark = parts?.[2] ?? '';
  if (!parts || mark === '' || shellWords(mark)?.length !== 1) return undefined;
  const name = unquote(mark);
  return { name, tabs: parts[1] === '-', expand: name === mark };
}

/** Without the tabs at the beginning of lines if `<<-` says so. */
export function chompTabs({ tabs, text }: HeredocText): string {
  return tabs ? text.replace(/(?<![^\n])\t+/g, '') : text;
}

/** Splits at blanks outside quotes and keeps the quotes; undefined for an unterminated quote. */
function shellWords(text: string): string[] | undefined {
  const words = text.match(/(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s\\'"])+\\?|\S/gs) ?? [];
  return words.some((word) => word === '"' || word === "'") ? undefined : joinDetached(words);
}

/** `<< EOF` names the same mark as `<<EOF`. */
function joinDetached(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    if (last !== undefined && /^\d*<<-?$/.test(last)) joined[joined.length - 1] = last + word;
    else joined.push(word);
  }
  return joined;
}

function unquote(mark: string): string {
  return mark.replace(
    /\\(.)|'([^']*)'|"([^"]*)"/gs,
    (_, ...groups: (string | undefined)[]) => groups.slice(0, 3).find((g) => g !== undefined) ?? '',
  );
}
