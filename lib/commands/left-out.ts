/** Says, for people, that releases which are not complete leave a name alone; nothing if there are none. */
export function leftOut(name: string, tags: string[]): string {
  if (tags.length === 0) return '';
  return `The publication of ${tags.join(', ')}, which is not complete yet, leaves ${name} out.\n`;
}
