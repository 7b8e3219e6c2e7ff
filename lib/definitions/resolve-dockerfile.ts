import { CtmgrError } from '../util/errors.ts';
import { quote } from '../util/names.ts';
import { type BaseConfigs, emptyConfig } from './base-config.ts';
import { checkReference, convertGlobalArg, readFrom, resolveFrom } from './convert-base.ts';
import { converters } from './converters.ts';
import { type FileFacts, makeStage, obstruct, refuse, type Stage } from './dockerfile-stage.ts';
import { readLogicalLines } from './logical-lines.ts';
import { readTrigger } from './onbuild-triggers.ts';
import { hostPlatform, platformArguments, requirePlatform, samePlatform } from './platform.ts';
import { type Instruction, readInstruction } from './read-instructions.ts';
import type { RecipeBase, StepSourceImage } from './recipe-plan.ts';
import { Refusal, type RefusalDetails, throwRefusals, wholeFile } from './refusal.ts';

export interface ParseOptions {
  /** Values for ARG, as `--build-arg NAME=VALUE` gives them. */
  buildArgs: Record<string, string>;
  /** Name or number of the stage to build; the last one by default. */
  target?: string | undefined;
  /** `linux/arm64`; that of this machine by default. */
  platform?: string | undefined;
  /** Configurations of base images; what is not there is assumed, with a warning. */
  baseConfigs?: BaseConfigs | undefined;
}

/** What a Dockerfile says, before anybody asks whether a definition file can say it. */
export interface ResolvedDockerfile {
  /** What the target needs, in file order; the target is the last one. */
  stages: [...Stage[], Stage];
}

/** One FROM with what follows it. */
interface Block {
  index: number;
  /** As in `AS name`, in lower case; empty without. Several may have it: references mean the last one before them. */
  name: string;
  /** No other stage has it; `name` where that is free, `stage-N` for one without name. */
  title: string;
  from: Instruction;
  image: string;
  instructions: Instruction[];
}

/**
 * Reads a Dockerfile as BuildKit does and resolves the stages that the target needs.
 * Throws CtmgrError `badDefinition` that names every instruction, with its line, which BuildKit would not accept.
 */
export function resolveDockerfile(text: string, options: ParseOptions): ResolvedDockerfile {
  return new Resolver(text, options).resolve();
}

/** An image that FROM names in a stage that the target needs. */
export interface NeededBase {
  reference: string;
  line: number;
}

/**
 * The images whose configuration decides what the target becomes and is not among `options.baseConfigs`. Asked again with the ones that
 * were found, it names those that ONBUILD of these brings in. What is wrong with the Dockerfile does not matter here, except that
 * options are checked as in `resolveDockerfile`.
 */
export function neededBases(text: string, options: ParseOptions): NeededBase[] {
  return new Resolver(text, options).neededBases();
}

class Resolver {
  private readonly refusals: RefusalDetails[];
  private readonly blocks: Block[] = [];
  private readonly stages = new Map<Block, Stage>();
  private readonly file: FileFacts;
  private readonly options: ParseOptions;
  private readonly escape: string;
  private readonly platform: string;

  constructor(text: string, options: ParseOptions) {
    const { lines, refusals, escape } = readLogicalLines(text);
    this.options = options;
    this.refusals = refusals;
    this.escape = escape;
    this.platform = options.platform ?? hostPlatform();
    requirePlatform(this.platform);
    this.file = {
      buildArgs: new Map(Object.entries(options.buildArgs)),
      globalArgs: new Map(),
      platformArgs: platformArguments(this.platform),
      findImage: (stage, instruction, name) => this.findImage(stage, instruction, name),
    };
    for (const [name, value] of this.file.buildArgs) {
      if (value.includes('\0'))
        refusals.push(wholeFile('bad-character', `--build-arg ${name} holds a NUL character`, 'remove it'));
    }
    for (const line of lines) this.guard(() => this.place(readInstruction(line, escape)));
  }

  resolve(): ResolvedDockerfile {
    const target = this.findTarget();
    if (target === undefined && this.refusals.length === 0)
      this.refusals.push(wholeFile('syntax', 'has no FROM', 'begin with FROM IMAGE'));
    if (target) this.stage(target);
    const needed = new Set(this.stages.keys());
    this.checkOthers(needed);
    throwRefusals(this.refusals.toSorted((a, b) => a.line - b.line));
    const stages = this.blocks.flatMap((block) => (needed.has(block) ? (this.stages.get(block) ?? []) : []));
    return { stages: stages as [...Stage[], Stage] };
  }

  private place(instruction: Instruction): void {
    const { keyword } = instruction;
    if (keyword === 'FROM') {
      const index = this.blocks.length;
      const title = this.freeTitle(`stage-${index}`);
      const block: Block = { index, name: '', title, from: instruction, image: '', instructions: [] };
      this.blocks.push(block);
      const { image, stage } = readFrom(instruction);
      block.image = image;
      if (stage === undefined) return;
      block.name = stage;
      block.title = '';
      block.title = this.freeTitle(stage);
      return;
    }
    if (converters[keyword] === undefined)
      throw refuse(instruction, 'syntax', 'is not an instruction', 'check the spelling and the line before');
    const block = this.blocks.at(-1);
    if (block) block.instructions.push(instruction);
    else if (keyword === 'ARG') convertGlobalArg(this.file, instruction);
    else throw refuse(instruction, 'syntax', 'stands before FROM', 'begin with FROM IMAGE');
  }

  private freeTitle(wanted: string): string {
    let title = wanted;
    for (let n = 2; this.blocks.some((block) => block.title === title); n += 1) title = `${wanted}-${n}`;
    return title;
  }

  private findTarget(): Block | undefined {
    const { target } = this.options;
    if (target === undefined || this.blocks.length === 0) return this.blocks.at(-1);
    const lower = target.toLowerCase();
    const named =
      this.blocks.findLast(({ name }) => name === lower) ?? this.blocks.find(({ title }) => title === lower);
    const found = named ?? (/^\d+$/.test(target) ? this.blocks[Number(target)] : undefined);
    if (found) return found;
    throw new CtmgrError('usage', `the Dockerfile has no stage ${quote(target)}`, {
      why: `its stages are ${this.blocks.map(({ title }) => title).join(', ')}`,
    });
  }

  /** Stages that the target does not need still have to be written correctly. */
  private checkOthers(needed: ReadonlySet<Block>): void {
    const start = this.refusals.length;
    for (const block of this.blocks) if (!needed.has(block)) this.stage(block);
    const others = this.refusals.splice(start);
    this.refusals.push(...others.filter(({ code }) => ['syntax', 'json'].includes(code)));
  }

  neededBases(): NeededBase[] {
    const target = this.findTarget();
    if (target) this.stage(target);
    return this.blocks.flatMap((block) => {
      const { base, parent, baseConfig } = this.stages.get(block) ?? {};
      const isUnknown = base?.kind === 'image' && base.reference !== '' && !parent && !baseConfig;
      return isUnknown ? [{ reference: base.reference, line: base.line }] : [];
    });
  }

  /** The stage of a block, converted when it is first asked for. */
  private stage(block: Block): Stage {
    const known = this.stages.get(block);
    if (known) return known;
    const placeholder: RecipeBase = { kind: 'image', reference: '', line: block.from.line };
    const place = { name: block.title, index: block.index, parent: undefined, base: placeholder };
    let stage = makeStage(this.file, place, undefined);
    this.stages.set(block, stage);
    this.guard(() => {
      stage = this.begin(block);
      this.stages.set(block, stage);
    });
    for (const instruction of [...this.triggers(stage, block.from), ...block.instructions]) {
      this.guard(() => converters[instruction.keyword]?.(stage, instruction));
    }
    return stage;
  }

  private begin(block: Block): Stage {
    const { from, index, title: name } = block;
    const { reference, platform } = resolveFrom(this.file, from, block.image);
    const line = from.line;
    const parentBlock = this.blocks
      .slice(0, index)
      .findLast((each) => each.name !== '' && each.name === reference.toLowerCase());
    const parent = parentBlock && this.stage(parentBlock);
    const kind = parent ? 'stage' : reference === 'scratch' ? 'scratch' : 'image';
    if (kind === 'image') checkReference(from, reference);
    const base: RecipeBase = { kind, reference: parent?.name ?? reference, line };
    const configs = this.options.baseConfigs;
    const config = kind === 'scratch' ? emptyConfig : (configs?.get(reference) ?? configs?.get('*'));
    const stage = makeStage(this.file, { name, index, base, parent }, config);
    if (platform !== undefined && kind === 'image' && !samePlatform(platform, this.platform)) {
      obstruct(
        stage,
        from,
        'platform',
        `the stage is for ${platform}, the image for ${this.platform}`,
        'remove --platform, or convert with --platform and build there',
      );
    }
    return stage;
  }

  /** The ONBUILD instructions of the base, which run before the stage's own, once. */
  private triggers(stage: Stage, from: Instruction): Instruction[] {
    const texts = stage.parent?.onbuild ?? stage.baseConfig?.onbuild ?? [];
    const instructions: Instruction[] = [];
    for (const text of texts) this.guard(() => instructions.push(readTrigger(text, from, this.escape)));
    return instructions;
  }

  private findImage(stage: Stage, instruction: Instruction, name: string): StepSourceImage {
    if (name.includes('$')) {
      throw refuse(instruction, 'syntax', 'variables in --from are not supported', 'name a stage: FROM $X AS name');
    }
    const lower = name.toLowerCase();
    const isNumber = /^\d+$/.test(name);
    const earlier = this.blocks.slice(0, stage.index);
    const block = earlier.findLast((each) => each.name === lower) ?? (isNumber ? earlier[Number(name)] : undefined);
    if (block) return { kind: 'stage', reference: this.stage(block).name };
    if (isNumber || this.blocks.some((each) => each.name === lower)) {
      throw refuse(instruction, 'syntax', `${quote(name)} is not an earlier stage`, 'move that stage up');
    }
    checkReference(instruction, name);
    return { kind: 'image', reference: name };
  }

  /** Collects the refusal of one instruction and goes on. */
  private guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refusals.push(error.details);
    }
  }
}
