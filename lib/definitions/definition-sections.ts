/** Well below Apptainer's limit of 64 KiB for a section, so that the next line fits too. */
const largestPiece = 32 * 1024;

/**
 * The text of a section, without the line that names it. A long one is split by further lines with its name: Apptainer joins
 * sections of the same name again, character by character (pkg/build/types/parser/deffile.go). Entries are indented; their
 * further lines are left as they are, because they may lie inside quotes. No entries give ''.
 */
export function makeSection(name: string, entries: readonly string[]): string {
  const lines: string[] = [];
  let size = 0;
  for (const line of entries.flatMap((entry) => `    ${entry.trimStart()}`.split('\n'))) {
    const length = Buffer.byteLength(line) + 1;
    if (size > 0 && size + length > largestPiece) {
      lines.push(`%${name}`);
      size = 0;
    }
    lines.push(line);
    size += length;
  }
  return lines.join('\n');
}

/** The section's text as Apptainer joins it. */
export function joinSection(name: string, text: string): string {
  return text.replaceAll(`\n%${name}\n`, '\n');
}
