/** Words for yargs in place of the command line's own, and the way back. */
export interface StandIns {
  words: string[];
  /** Puts the original words back into whatever yargs made of them: values, lists, complaints. */
  restore(text: string): string;
}

/**
 * Lets `--` mean what it means everywhere: what follows is never an option. yargs takes the words after it for no
 * positionals either and then neither uses nor refuses them (yargs/yargs#2202), so that `rebuild -- NAME` would build
 * everything. Therefore they go through yargs as words of which it can make nothing else; NUL cannot be in an argument
 * (execve(2)).
 */
export function standInAfterDash(words: readonly string[]): StandIns {
  const dash = words.indexOf('--');
  if (dash < 0) return { words: [...words], restore: (text) => text };
  const after = words.slice(dash + 1);
  return {
    words: [...words.slice(0, dash), ...after.map((_word, index) => `\0${index}\0`)],
    // oxlint-disable-next-line no-control-regex -- see above
    restore: (text) => text.replace(/\0(\d+)\0/g, (_all, index: string) => after[Number(index)] ?? ''),
  };
}
