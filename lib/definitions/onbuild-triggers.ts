import { quote } from '../util/names.ts';
import { converters } from './converters.ts';
import { refuse } from './dockerfile-stage.ts';
import { readLogicalLines } from './logical-lines.ts';
import { type Instruction, readInstruction } from './read-instructions.ts';
import { Refusal } from './refusal.ts';

/**
 * One ONBUILD instruction of a base, as an instruction of the stage on it. The text may come from an image, so that everything that
 * BuildKit checks is checked here too: it is one instruction, and one that can be triggered. Throws Refusal in the name of FROM.
 */
export function readTrigger(text: string, from: Instruction, escape: string): Instruction {
  const { lines, refusals } = readLogicalLines(text);
  const [line, ...more] = lines;
  const [refusal] = refusals;
  const where = `ONBUILD ${quote(text)} of the base`;
  const wayOut = 'mend the base image';
  if (refusal)
    throw new Refusal({
      ...refusal,
      line: from.line,
      instruction: from.keyword,
      reason: `${where}: ${refusal.reason}`,
    });
  if (line === undefined || more.length > 0) throw refuse(from, 'syntax', `${where} is not one instruction`, wayOut);
  const instruction = readInstruction({ ...line, line: from.line }, escape);
  const { keyword } = instruction;
  if (converters[keyword] === undefined || keyword === 'ONBUILD' || keyword === 'MAINTAINER')
    throw refuse(from, 'syntax', `${where} cannot be triggered`, wayOut);
  return instruction;
}
