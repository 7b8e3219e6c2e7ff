/** A flag in front of an instruction's arguments: `--name`, `--name=value`. */
export interface InstructionFlag {
  name: string;
  /** Without quotes; undefined for a flag without `=`. */
  value: string | undefined;
}

/**
 * Takes the flags off the beginning of an instruction's arguments as BuildKit does: quotes keep blanks and are removed, the
 * escape character keeps the next one (moby/buildkit, frontend/dockerfile/parser/split_command.go, extractBuilderFlags).
 */
export function readFlags(text: string): { flags: InstructionFlag[]; rest: string } {
  const chars = [...text];
  const flags: InstructionFlag[] = [];
  let at = 0;
  for (;;) {
    while (at < chars.length && /\s/.test(chars[at] as string)) at += 1;
    if (chars[at] !== '-' || chars[at + 1] !== '-') return { flags, rest: chars.slice(at).join('') };
    const word = readWord(chars, at);
    at = word.end;
    if (word.text === '--') return { flags, rest: chars.slice(at).join('').trimStart() };
    const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word.text) ?? [];
    flags.push({ name, value });
  }
}

function readWord(chars: readonly string[], start: number): { text: string; end: number } {
  let text = '';
  let open: string | undefined;
  for (let at = start; at < chars.length; at += 1) {
    const char = chars[at] as string;
    if (char === '\\') {
      at += 1;
      text += chars[at] ?? '';
    } else if (char === open) open = undefined;
    else if (open === undefined && (char === '"' || char === "'")) open = char;
    else if (open === undefined && /\s/.test(char)) return { text, end: at };
    else text += char;
  }
  return { text, end: chars.length };
}
