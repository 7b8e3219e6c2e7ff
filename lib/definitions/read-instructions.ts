import { DockerfileParser } from 'dockerfile-ast';
import type { HeredocText } from './find-heredocs.ts';
import type { LogicalLine } from './logical-lines.ts';
import { type InstructionFlag, readFlags } from './read-flags.ts';
import { Refusal, showWord } from './refusal.ts';

/** One instruction, taken apart no further than all instructions have in common. */
export interface Instruction {
  line: number;
  /** The instruction on one line. */
  text: string;
  /** In capitals. */
  keyword: string;
  flags: InstructionFlag[];
  /** What follows keyword and flags, exactly as written. */
  args: string;
  heredocs: HeredocText[];
  /** The escape character of the file. */
  escape: string;
}

/** The flags that BuildKit knows; those in `lists` may be given several times. */
const known: Record<string, string[]> = {
  ADD: ['chown', 'chmod', 'link', 'exclude', 'keep-git-dir', 'checksum', 'unpack'],
  COPY: ['from', 'chown', 'chmod', 'link', 'exclude', 'parents'],
  FROM: ['platform'],
  HEALTHCHECK: ['interval', 'timeout', 'start-period', 'start-interval', 'retries'],
  RUN: ['mount', 'network', 'security', 'device'],
};
const lists = new Set(['exclude', 'mount', 'device']);
const booleans = new Set(['link', 'parents', 'keep-git-dir', 'unpack']);

/**
 * Takes one instruction apart. dockerfile-ast, which is given one line at a time because a quoted `<<EOF` or a final `\\` would
 * make it swallow what follows, and a carriage return be two lines, says where the keyword ends. Throws Refusal for what BuildKit's parser rejects too.
 */
export function readInstruction({ line, text, heredocs }: LogicalLine, escape: string): Instruction {
  const word = /^\S+/.exec(text)?.[0] ?? '';
  const [parsed, ...others] = DockerfileParser.parse(text.replaceAll('\r', ' ')).getInstructions();
  const keyword = (parsed?.getKeyword() ?? word).toUpperCase();
  const refuse = (reason: string, wayOut: string) =>
    new Refusal({ code: 'syntax', line, instruction: word.toUpperCase(), reason, wayOut });
  if (!parsed || others.length > 0 || keyword !== word.toUpperCase()) throw refuse('cannot be read', 'check the line');
  const { flags, rest } = readFlags(text.slice(word.length).trim());
  const seen = new Set<string>();
  for (const { name, value } of flags) {
    if (!known[keyword]?.includes(name)) {
      throw refuse(`there is no flag ${showWord(`--${name}`)}`, 'check the spelling, or put it behind the arguments');
    }
    if (seen.has(name) && !lists.has(name)) throw refuse(`--${name} is given twice`, 'remove one of them');
    if (booleans.has(name) ? !isBoolean(value) : value === undefined) {
      throw refuse(`--${name} ${booleans.has(name) ? 'is true or false' : 'needs a value'}`, `write --${name}=VALUE`);
    }
    seen.add(name);
  }
  return { line, text, keyword, flags, args: rest, heredocs, escape };
}

/** The value of a flag, undefined if the instruction does not have it. */
export function flagValue({ flags }: Instruction, name: string): string | undefined {
  return flags.find((flag) => flag.name === name)?.value;
}

/** True for a flag that is there and not switched off. */
export function flagSet({ flags }: Instruction, name: string): boolean {
  const flag = flags.find((each) => each.name === name);
  return flag !== undefined && flag.value?.toLowerCase() !== 'false';
}

function isBoolean(value: string | undefined): boolean {
  return value === undefined || ['true', 'false'].includes(value.toLowerCase());
}
