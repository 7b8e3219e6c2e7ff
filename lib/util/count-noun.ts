/** A number with its noun, as people read it: `1 image`, `3 images`. For nouns whose plural ends in -s. */
export function countNoun(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
