/** Bytes of a line of mail; mailers refuse more than 998 (RFC 5322, 2.1.1; dma(8) the whole mail). */
const longest = 900;

/** Cuts a line that is too long for mail into several, at blanks where there are some; the later ones begin with two blanks. */
export function foldLine(line: string): string[] {
  const lines: string[] = [];
  let rest = line;
  while (Buffer.byteLength(rest) > longest) {
    const head = headOf(rest);
    const blank = head.trimEnd().lastIndexOf(' ');
    const cut = blank > head.length / 2 ? blank : head.length;
    lines.push(rest.slice(0, cut));
    rest = `  ${rest.slice(cut).trimStart()}`;
  }
  return [...lines, rest];
}

/** As much of the beginning as a line may hold, whole characters only. */
function headOf(text: string): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > longest) break;
    end += character.length;
  }
  return text.slice(0, end);
}
