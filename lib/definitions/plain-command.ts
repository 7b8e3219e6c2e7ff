/**
 * First words that would act on the shell which runs all of `%post`, or that are no commands: builtins and reserved words of
 * dash, bash and busybox ash (POSIX.1-2017 Shell Command Language, 2.4 and 2.14; bash(1), "Shell Builtin Commands").
 */
const notPlain = new Set(
  `. : alias bg bind break builtin caller case cd chdir command compgen complete compopt continue coproc declare dirs disown do done
  elif else enable esac eval exec exit export fc fg fi for function getopts hash help history if in jobs let local logout mapfile
  popd printf pushd pwd read readarray readonly return select set shift shopt source suspend then time times trap type typeset
  ulimit umask unalias unset until wait while`.split(/\s+/),
);

const word = String.raw`(?:[A-Za-z0-9_@%+=:,./^*?\[\]-]|'[^'\n\r]*'|"[^"$\\\n\r${'`'}]*")+`;
const redirection = String.raw`\d?(?:>&\d|(?:>>|>|<) *${word})`;
const simple = new RegExp(String.raw`^([A-Za-z0-9_./+-]+)(?: +(?:${redirection}|${word}))*$`);
const longest = 2000;

/**
 * Whether a RUN's text means the same as a line of `%post`, which one `/bin/sh -e` reads, as in a shell of its own:
 * `simple` is one command of plain words; `list` are such commands joined by `&&`, which is the same only as the last line,
 * because `-e` overlooks a failure in front of `&&` (POSIX.1-2017, set -e).
 */
export function plainKind(text: string): 'simple' | 'list' | undefined {
  if (text.length > longest || text.includes('{{')) return undefined;
  const commands = splitAnd(text);
  if (!commands.every(isSimple)) return undefined;
  return commands.length === 1 ? 'simple' : 'list';
}

function isSimple(command: string): boolean {
  const first = simple.exec(command)?.[1];
  return first !== undefined && !notPlain.has(first);
}

/** Splits at `&&` outside quotes. */
function splitAnd(text: string): string[] {
  const commands = [''];
  for (const part of text.match(/'[^']*'|"[^"]*"|&&|./gs) ?? []) {
    if (part === '&&') commands.push('');
    else commands[commands.length - 1] += part;
  }
  return commands.map((command) => command.replaceAll('\t', ' ').trim());
}

/** A plain command with single blanks between its words. */
export function tidyBlanks(text: string): string {
  return text.replace(/'[^']*'|"[^"]*"|[ \t]+/g, (part) => (/^[ \t]/.test(part) ? ' ' : part));
}
