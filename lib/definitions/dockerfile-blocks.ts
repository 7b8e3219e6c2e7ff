import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import type { Instruction } from './read-instructions.ts';
import type { RefusalDetails } from './refusal.ts';

/** One FROM with what follows it, before anything is resolved. */
export interface Block {
  index: number;
  /** As in `AS name`, in lower case. A later stage of that name takes it over for all that follows, as in BuildKit. */
  alias: string | undefined;
  /** No other stage has it: the first one with an alias keeps that. */
  name: string;
  from: Instruction;
  image: string;
  instructions: Instruction[];
  /** The stages that this one is based on or takes files from. */
  uses: Set<Block>;
  refusals: RefusalDetails[];
}

/** Each stage holds a copy of what it inherits, so that this bounds what a hostile file can make us store. */
export const mostStages = 1000;

/** A stage that begins with this FROM and has no instructions yet. */
export function makeBlock(index: number, from: Instruction): Block {
  return { index, alias: undefined, name: '', from, image: '', instructions: [], uses: new Set(), refusals: [] };
}

/** Gives each block a name of its own, after those before it. */
export function nameBlocks(blocks: readonly Block[]): void {
  const taken = new Set<string>();
  for (const block of blocks) {
    const wanted = block.alias ?? `stage-${block.index}`;
    block.name = wanted;
    for (let count = 2; taken.has(block.name); count += 1) block.name = `${wanted}-${count}`;
    taken.add(block.name);
  }
}

/** The block that `--target` names, the last one without it; undefined if there is none. Throws CtmgrError `usage`. */
export function findTarget(
  blocks: readonly Block[],
  aliases: ReadonlyMap<string, Block>,
  target: string | undefined,
): Block | undefined {
  if (target === undefined || blocks.length === 0) return blocks.at(-1);
  const lower = target.toLowerCase();
  const named = aliases.get(lower) ?? blocks.find(({ name }) => name === lower);
  const found = named ?? (/^\d+$/.test(target) ? blocks[Number(target)] : undefined);
  if (found) return found;
  throw new CtmgrError('usage', `the Dockerfile has no stage ${quote(target)}`, {
    why: `its stages are ${blocks.map(({ name }) => name).join(', ')}`,
    hint: `--target ${blocks.at(-1)?.name ?? '0'}, or no --target for the last one`,
  });
}

/** The block and all that it is based on or takes files from, through others too. */
export function neededBlocks(target: Block | undefined): ReadonlySet<Block> {
  const needed = new Set(target ? [target] : []);
  // A set's iterator also reaches what is added on the way.
  for (const block of needed) for (const used of block.uses) needed.add(used);
  return needed;
}
