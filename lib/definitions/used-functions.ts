/** Where `%setup` writes the functions that `%post` calls, so that a reader of the definition finds the steps first. */
export const functionsFile = '/.ctmgr/functions';

/**
 * Those of the shell functions in `texts` that the lines or other functions used call, in their order. A text holds functions named
 * `ctmgr_…`, each beginning with its name after four blanks.
 */
export function usedFunctions(texts: readonly string[], lines: readonly string[]): string[] {
  const functions = texts
    .flatMap((text) => text.split(/\n(?= {4}ctmgr_\w+\(\))/))
    .map((text) => ({ text, name: nameOf(text) }));
  const used = new Set<string>();
  const add = (text: string) => {
    for (const [name] of text.matchAll(/\bctmgr_\w+/g)) {
      const found = functions.find((each) => each.name === name);
      if (!found || used.has(name)) continue;
      used.add(name);
      add(found.text);
    }
  };
  for (const line of lines) add(line);
  return functions.filter(({ name }) => used.has(name)).map(({ text }) => text);
}

function nameOf(text: string): string {
  return /^ {4}(ctmgr_\w+)\(\)/.exec(text)?.[1] ?? '';
}
