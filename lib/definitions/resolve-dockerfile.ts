import { quote } from '../util/names.ts';
import { type BaseConfigs, emptyConfig } from './base-config.ts';
import { checkReference, convertGlobalArg, readFrom, resolveFrom } from './convert-base.ts';
import { converters } from './converters.ts';
import { type Block, findTarget, makeBlock, mostStages, nameBlocks, neededBlocks } from './dockerfile-blocks.ts';
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
  /** The last stage of each name in the whole file, which is what `COPY --from` means. */
  private readonly aliases = new Map<string, Block>();
  /** The same for the stages before the one that is being converted, which is what FROM means. */
  private readonly earlier = new Map<string, Block>();
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
    for (const line of lines) this.guard(this.refusals, () => this.place(readInstruction(line, escape)));
    nameBlocks(this.blocks);
  }

  resolve(): ResolvedDockerfile {
    const target = findTarget(this.blocks, this.aliases, this.options.target);
    if (target === undefined && this.refusals.length === 0)
      this.refusals.push(wholeFile('syntax', 'has no FROM', 'begin with FROM IMAGE'));
    const needed = this.convertAll(target);
    const refusals = this.blocks.flatMap((block) =>
      // Stages that the target does not need still have to be written correctly.
      needed.has(block) ? block.refusals : block.refusals.filter(({ code }) => code === 'syntax' || code === 'json'),
    );
    throwRefusals([...this.refusals, ...refusals].toSorted((a, b) => a.line - b.line));
    const stages = this.blocks.flatMap((block) => (needed.has(block) ? (this.stages.get(block) ?? []) : []));
    return { stages: stages as [...Stage[], Stage] };
  }

  neededBases(): NeededBase[] {
    const needed = this.convertAll(findTarget(this.blocks, this.aliases, this.options.target));
    return [...needed].flatMap((block) => {
      const { base, parent, baseConfig } = this.stages.get(block) ?? {};
      const isUnknown = base?.kind === 'image' && base.reference !== '' && !parent && !baseConfig;
      return isUnknown ? [{ reference: base.reference, line: base.line }] : [];
    });
  }

  /** Converts all stages and returns those that the target needs, in file order. */
  private convertAll(target: Block | undefined): ReadonlySet<Block> {
    for (const block of this.blocks) {
      this.convert(block);
      if (block.alias !== undefined) this.earlier.set(block.alias, block);
    }
    const needed = neededBlocks(target);
    return new Set(this.blocks.filter((block) => needed.has(block)));
  }

  private place(instruction: Instruction): void {
    const { keyword } = instruction;
    if (keyword === 'FROM') {
      const index = this.blocks.length;
      if (index === mostStages)
        throw refuse(instruction, 'stages', `there are more than ${mostStages} stages`, 'split the file');
      const block = makeBlock(index, instruction);
      this.blocks.push(block);
      const { image, stage } = readFrom(instruction);
      Object.assign(block, { image, alias: stage });
      if (stage !== undefined) this.aliases.set(stage, block);
      return;
    }
    if (converters[keyword] === undefined)
      throw refuse(instruction, 'syntax', 'is not an instruction', 'check the spelling and the line before');
    const block = this.blocks.at(-1);
    if (block) block.instructions.push(instruction);
    else if (keyword === 'ARG') convertGlobalArg(this.file, instruction);
    else throw refuse(instruction, 'syntax', 'stands before FROM', 'begin with FROM IMAGE');
  }

  /** Those that it refers to come before it and are converted already. */
  private convert(block: Block): void {
    const { index, name, from, refusals } = block;
    const base: RecipeBase = { kind: 'image', reference: '', line: from.line };
    let stage = makeStage(this.file, { name, index, parent: undefined, base }, undefined);
    this.guard(refusals, () => {
      stage = this.begin(block);
    });
    this.stages.set(block, stage);
    for (const instruction of [...this.triggers(stage, block), ...block.instructions]) {
      this.guard(refusals, () => converters[instruction.keyword]?.(stage, instruction));
    }
  }

  private begin(block: Block): Stage {
    const { from, index, name } = block;
    const { reference, platform } = resolveFrom(this.file, from, block.image);
    const line = from.line;
    const parentBlock = this.earlier.get(reference);
    const parent = parentBlock && this.stages.get(parentBlock);
    if (parentBlock) block.uses.add(parentBlock);
    const kind = parent ? 'stage' : reference === 'scratch' ? 'scratch' : 'image';
    if (kind === 'image') checkReference(from, reference);
    const base: RecipeBase = { kind, reference: parent?.name ?? reference, line };
    const configs = this.options.baseConfigs;
    const config = kind === 'scratch' ? emptyConfig : (configs?.get(reference) ?? configs?.get('*'));
    const stage = makeStage(this.file, { name, index, base, parent }, config);
    if (kind === 'image' && isWindows(reference, platform ?? this.platform)) {
      obstruct(stage, from, 'windows', 'Windows images cannot be converted', 'use a Linux image');
    } else if (platform !== undefined && kind === 'image' && !samePlatform(platform, this.platform)) {
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
  private triggers(stage: Stage, { from, refusals }: Block): Instruction[] {
    const texts = stage.parent?.onbuild ?? stage.baseConfig?.onbuild ?? [];
    const instructions: Instruction[] = [];
    for (const text of texts) this.guard(refusals, () => instructions.push(readTrigger(text, from, this.escape)));
    return instructions;
  }

  private findImage(stage: Stage, instruction: Instruction, name: string): StepSourceImage {
    if (name.includes('$')) {
      throw refuse(instruction, 'syntax', 'variables in --from are not supported', 'name a stage: FROM $X AS name');
    }
    const isNumber = /^\d+$/.test(name);
    const block = isNumber ? this.blocks[Number(name)] : this.aliases.get(name.toLowerCase());
    if (block && block.index < stage.index) {
      this.blocks[stage.index]?.uses.add(block);
      return { kind: 'stage', reference: block.name };
    }
    if (isNumber || block) {
      throw refuse(instruction, 'syntax', `${quote(name)} is not an earlier stage`, 'move that stage up');
    }
    checkReference(instruction, name);
    return { kind: 'image', reference: name };
  }

  /** Collects the refusal of one instruction and goes on. */
  private guard(refusals: RefusalDetails[], read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusals.push(error.details);
    }
  }
}

/** Microsoft's images that have no other variant, or the platform says so. */
function isWindows(reference: string, platform: string): boolean {
  return (
    /(^|\/)(nanoserver|windowsservercore)(:|@|$)|^mcr\.microsoft\.com\/windows(\/|:|@|$)/.test(reference) ||
    platform.startsWith('windows/')
  );
}
