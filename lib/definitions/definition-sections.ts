/** Well below Apptainer's limit of 64 KiB for a section, so that the next line fits too. */
const largestPiece = 32 * 1024;

/** The text of a section or of a part of it, for templates. */
export interface SectionPiece {
  [name: string]: string;
  text: string;
}

/**
 * Indents the lines of a section and splits it where it is too long for one: Apptainer joins sections of the same name again,
 * character by character (pkg/build/types/parser/deffile.go). Later physical lines of an entry are left as they are,
 * because they may lie inside quotes. No lines give no pieces.
 */
export function makeSection(entries: readonly string[]): SectionPiece[] {
  const pieces: string[][] = [];
  let size = largestPiece;
  for (const line of entries.flatMap((entry) => `    ${entry.trimStart()}`.split('\n'))) {
    size += Buffer.byteLength(line) + 1;
    if (size > largestPiece) {
      pieces.push([]);
      size = Buffer.byteLength(line) + 1;
    }
    pieces.at(-1)?.push(line);
  }
  return pieces.map((lines) => ({ text: lines.join('\n') }));
}
