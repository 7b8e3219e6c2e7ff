/** Characters of a line beside a figure. */
const lineLength = 32;

/** Names as labels of at most so many characters, cut in the middle, for names differ at their ends; no two are the same. */
export function shortLabels(names: readonly string[], length: number): string[] {
  const used = new Set<string>();
  return names.map((name, i) => {
    const short = cutInTheMiddle(name, length);
    const label = used.has(short) ? `${short} (${i + 1})` : short;
    used.add(label);
    return label;
  });
}

/** Names as labels of at most two lines, broken where words or parts of them end; no two are the same. */
export function brokenLabels(names: readonly string[]): string[] {
  return shortLabels(names, 2 * lineLength - 8).map(breakInTwo);
}

function cutInTheMiddle(name: string, length: number): string {
  const characters = [...name];
  if (characters.length <= length) return name;
  const head = Math.floor((length - 1) / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(head + 1 - length).join('')}`;
}

function breakInTwo(label: string): string {
  const characters = [...label];
  if (characters.length <= lineLength) return label;
  const least = characters.length - lineLength;
  const ends = [...characters.keys()].filter(
    (i) => i + 1 >= least && i < lineLength && /[ ,._-]/.test(characters[i] ?? ''),
  );
  const at = (ends.at(-1) ?? lineLength - 1) + 1;
  return `${characters.slice(0, at).join('').trimEnd()}\n${characters.slice(at).join('').trimStart()}`;
}
