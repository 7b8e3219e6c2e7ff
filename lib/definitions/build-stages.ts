import type { PlanStep, RecipeBase, RecipePlan, StepSourceImage } from './recipe-plan.ts';

/** A stage of the definition file: everything from an image, or from nothing, up to what others copy or the result. */
export interface BuildStage {
  /** What `%files from` calls it. */
  name: string;
  /** An image or `scratch`. */
  base: RecipeBase;
  steps: KeyedStep[];
  /** Nobody can run a command in it: there is no shell, so that all files come from `%files`. */
  bare: boolean;
  /** The last one is the image. */
  isLast: boolean;
  /** The stages, by name, whose files may have capabilities, as they were set in it. */
  capable: ReadonlySet<string>;
}

/** A step with a name that no other step of the plan has; the same wherever the step is repeated. */
export interface KeyedStep {
  key: string;
  step: PlanStep;
}

/** Images that are known to hold no shell, beside scratch. */
const withoutShell = /(^|\/)(distroless(\.dev)?|static)(\/|:|@|$)/;

/**
 * The stages that the definition file needs, in order. A stage that others are based on is repeated in each of them, because
 * `From:` can only name images; one that nobody copies from is not there by itself.
 */
export function buildStages(plan: RecipePlan): BuildStage[] {
  const { stages = [], name = 'stage-0' } = plan;
  const own = new Map(stages.map((stage) => [stage.name, stage]));
  const capable = new Set<string>();
  const keyed = (stage: string, steps: readonly PlanStep[]) =>
    steps.map((step, position) => ({ key: stage === '' ? String(position) : `${stage}-${position}`, step }));
  const chain = (base: RecipeBase, steps: KeyedStep[]): Pick<BuildStage, 'base' | 'steps'> => {
    const lists = [steps];
    let root = base;
    for (;;) {
      const parent = root.kind === 'stage' ? own.get(root.reference) : undefined;
      if (!parent) return { base: root, steps: lists.toReversed().flat() };
      lists.push(keyed(parent.name, parent.steps));
      root = parent.base;
    }
  };
  const make = (title: string, base: RecipeBase, steps: KeyedStep[], isLast: boolean): BuildStage => {
    const whole = chain(base, steps);
    if (whole.steps.some(({ step }) => step.kind === 'run' && step.argv.join(' ').includes('setcap')))
      capable.add(title);
    return { name: title, ...whole, bare: isBare(whole.base, whole.steps), isLast, capable };
  };
  const result = make(name, plan.base, keyed('', plan.steps), true);
  const needed = new Map<string, BuildStage>();
  const waiting = [result];
  for (let stage = waiting.pop(); stage; stage = waiting.pop()) {
    for (const { step } of stage.steps) {
      for (const source of sourcesOf(step)) {
        const title = stageTitle(source);
        if (needed.has(title)) continue;
        const from = own.get(source.reference);
        const base: RecipeBase = { kind: 'image', reference: source.reference, line: step.line };
        const made =
          source.kind === 'stage' && from
            ? make(title, from.base, keyed(from.name, from.steps), false)
            : make(title, base, [], false);
        needed.set(title, made);
        waiting.push(made);
      }
    }
  }
  const places = new Map(stages.map((stage, index) => [stage.name, index]));
  const order = (stage: BuildStage): number => places.get(stage.name) ?? -1;
  return [...[...needed.values()].toSorted((a, b) => order(a) - order(b)), result];
}

/** The name that a stage of the definition has for what a step copies from. */
export function stageTitle({ kind, reference }: StepSourceImage): string {
  return kind === 'stage' ? reference : `image:${reference.replaceAll(/[^A-Za-z0-9_.-]/g, '-')}`;
}

/** The stages and images that a step takes files from. */
export function sourcesOf(step: PlanStep): StepSourceImage[] {
  if (step.kind === 'copy') return step.from ? [step.from] : [];
  return step.kind === 'run' ? (step.mounts ?? []).flatMap(({ from }) => from ?? []) : [];
}

function isBare(base: RecipeBase, steps: readonly KeyedStep[]): boolean {
  const hasShell =
    base.kind === 'image' && (!withoutShell.test(base.reference) || /:debug|-dev\b/.test(base.reference));
  return !hasShell && steps.every(({ step }) => step.kind !== 'run');
}

/** The image that the last stage starts from in the end, through all stages between; `scratch` if there is none. */
export function rootReference(plan: RecipePlan): string {
  return (buildStages(plan).at(-1) as BuildStage).base.reference;
}

/** An image that a definition starts from or copies from. */
interface ImageReference {
  reference: string;
  /** Where the Dockerfile names it first. */
  line: number;
}

/** The images that the definition of a plan needs, each once, in its order; without what it does not need. */
export function imageReferences(plan: RecipePlan): ImageReference[] {
  const bases = buildStages(plan).flatMap(({ base }) => (base.kind === 'image' ? [base] : []));
  const once = new Map(bases.toReversed().map(({ reference, line }) => [reference, { reference, line }]));
  return [...once.values()].toReversed();
}
