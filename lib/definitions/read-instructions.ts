import { DockerfileParser, type Flag } from 'dockerfile-ast';
import type { LogicalLine } from './logical-lines.ts';
import { Refusal, showWord } from './refusal.ts';

/** One instruction, taken apart no further than all instructions have in common. */
export interface Instruction {
  line: number;
  /** The instruction on one line. */
  text: string;
  /** In capitals. */
  keyword: string;
  /** What follows keyword and flags, exactly as written. */
  args: string;
}

/** The part of dockerfile-ast's instructions that can have flags. */
interface Flagged {
  getFlags?: () => Flag[];
}

/**
 * Takes one instruction apart with dockerfile-ast. It is given one line at a time, because a quoted `<<EOF` or a final `\\`
 * would make it swallow what follows. Throws Refusal for flags, none of which is converted.
 */
export function readInstruction({ line, text }: LogicalLine): Instruction {
  const [parsed, ...others] = DockerfileParser.parse(text).getInstructions();
  const word = /^\S+/.exec(text)?.[0] ?? '';
  const keyword = (parsed?.getKeyword() ?? word).toUpperCase();
  if (!parsed || others.length > 0 || keyword !== word.toUpperCase()) {
    throw new Refusal({
      code: 'syntax',
      line,
      instruction: word.toUpperCase(),
      reason: 'cannot be read',
      wayOut: 'check the line',
    });
  }
  const args = parsed.getRawArgumentsContent() ?? '';
  const flags = ((parsed as Flagged).getFlags?.() ?? []).filter((flag) => flag.getName() !== '');
  const flag = flags[0]?.getName() ?? /^--([^\s=]*)/.exec(args)?.[1];
  if (flag !== undefined) {
    throw new Refusal({
      code: 'flag',
      line,
      instruction: keyword,
      reason: `the flag ${showWord(`--${flag}`)} is not converted yet`,
      wayOut: flagAdvice[`${keyword} --${flag}`] ?? 'write the instruction without it',
    });
  }
  return { line, text, keyword, args };
}

const flagAdvice: Record<string, string> = {
  'COPY --chown': 'copy the files, then RUN chown',
  'ADD --chown': 'copy the files, then RUN chown',
  'COPY --chmod': 'copy the files, then RUN chmod',
  'ADD --chmod': 'copy the files, then RUN chmod',
  'COPY --from': 'make that image or stage the base, or put the files into the build context',
  'RUN --mount': 'COPY what the command needs, and remove it in the last RUN',
};
