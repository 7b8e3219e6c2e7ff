import { readSections } from '../apptainer/check-definition.ts';
import { checkStages, splitStages, stageName } from '../apptainer/check-stages.ts';
import { CtmgrError } from '../util/errors.ts';
import { renderTemplate } from '../util/template.ts';
import { type BaseSource, registrySource } from './base-source.ts';
import type { ContextManifest } from './context-manifest.ts';
import { type BuildStage, buildStages } from './build-stages.ts';
import { fileSections, setupLines } from './file-lines.ts';
import { joinSection, makeSection } from './definition-sections.ts';
import { exportLine, findSavedNames, forgetLines, saveLines } from './export-lines.ts';
import { postLines } from './post-lines.ts';
import type { PlanLabel, RecipePlan } from './recipe-plan.ts';
import { keepsBaseEntrypoint, runScriptLines, savedRunscript } from './run-script.ts';
import { storedLabel } from './stored-label.ts';

/** One version of an overlay, as it joins a recipe. */
export interface OverlayInput {
  name: string;
  version: number;
  /** Shell commands, each run like one RUN of a Dockerfile, as root in `/`. */
  steps: readonly { command: string }[];
}

export interface DefinitionInput {
  plan: RecipePlan;
  manifest: ContextManifest;
  /** In the order in which they are applied, all before the last stage's own steps. */
  overlays: readonly OverlayInput[];
  /** Labels beside the recipe's own; they win over those. */
  labels: readonly PlanLabel[];
  /** The text of `recipe-templates/definition.def.mustache` or of the site's own. */
  template: string;
  /** Where Apptainer finds the image that FROM names; from its registry by default. */
  findBase?: (reference: string) => BaseSource;
  /** To be built by `apptainer build` alone, without what the batch script of a rebuild sets up for it. */
  alone?: boolean;
}

/** What a label's line in `%labels` can hold; others are only written while building. */
const plainLabel = /^[^\s#%{}\p{Cc}][^\s{}\p{Cc}]* (?:[^\s{}\p{Cc}](?:[^{}\p{Cc}]{0,1000}[^\s{}\p{Cc}])?)?$/u;

/**
 * The Apptainer definition file of a recipe, to be built with the folder that `stageContext` fills as working directory.
 * Throws CtmgrError `configuration` for a template that names something unknown, `bug` if Apptainer would not read the result
 * as it is meant.
 */
export function renderDefinition(input: DefinitionInput): string {
  const stages = buildStages(input.plan);
  const texts = stages.map((stage) => renderStage(input, stage, stages));
  const definition = texts.map((text, index) => (index < texts.length - 1 ? `${text.trimEnd()}\n\n` : text)).join('');
  checkWhole(
    definition,
    stages.map(({ name }) => (stages.length > 1 ? name : '')),
  );
  return definition;
}

/** What is right stage by stage must also be cut into these stages. */
function checkWhole(definition: string, names: readonly string[]): void {
  const found = splitStages(definition).map(stageName);
  const problems = checkStages(definition);
  if (JSON.stringify(found) !== JSON.stringify(names)) {
    problems.push(`the stages would be ${found.join(', ') || 'one'} instead of ${names.join(', ') || 'one'}`);
  }
  if (problems.length > 0) throw misread(problems);
}

function renderStage(input: DefinitionInput, stage: BuildStage, stages: readonly BuildStage[]): string {
  const { plan, manifest, template, findBase = registrySource } = input;
  const { isLast, bare, base } = stage;
  const labels = isLast ? mergeLabels(plan.labels, input.labels) : [];
  const script = isLast ? runScriptLines(plan, bare) : [];
  const overlays = isLast ? input.overlays : [];
  const post = postLines({
    plan,
    stage,
    stages,
    manifest,
    overlays: overlays.map(({ name, version, steps }) => ({
      name,
      version,
      commands: steps.map(({ command }) => command),
    })),
    labels,
    savedRunscript: isLast && keepsBaseEntrypoint(plan) ? savedRunscript : undefined,
    alone: input.alone === true,
  });
  const sections = {
    setup: makeSection('setup', setupLines(stage, post.functions)),
    post: makeSection('post', post.lines),
    environment: isLast ? makeSection('environment', environmentLines(plan)) : '',
    labels: makeSection(
      'labels',
      labels.map(({ name, value }) => `${name} ${value}`).filter((line) => plainLabel.test(line)),
    ),
    runscript: makeSection('runscript', script),
    startscript: makeSection('startscript', script),
  };
  const files = fileSections(stage, manifest).map(({ from, lines }) => ({
    source: from === '' ? '' : ` from ${from}`,
    lines: makeSection('files', lines),
  }));
  const header = {
    ...(base.kind === 'scratch' ? { bootstrap: 'scratch', from: '' } : findBase(base.reference)),
    stage: stages.length > 1 ? stage.name : '',
  };
  const definition = renderTemplate(template, { ...header, ...sections, files }, 'definition.def.mustache');
  checkRendered(definition, sections, files, header.stage);
  const leftOut = bare
    ? overlays.map(({ name }) => `# ctmgr: overlay ${name} is left out: the image has no shell\n`)
    : [];
  return leftOut.join('') + definition;
}

function environmentLines({ environment }: RecipePlan): string[] {
  const saved = findSavedNames(environment);
  return [...saveLines(saved), ...environment.map((variable) => exportLine(variable, saved)), ...forgetLines(saved)];
}

function mergeLabels(own: readonly PlanLabel[], added: readonly PlanLabel[]): PlanLabel[] {
  const merged = new Map([...own, ...added].map(({ name, value }) => [name, value]));
  return [...merged].flatMap(([name, value]) => storedLabel({ name, value }) ?? []);
}

/** Nothing of the recipe may be lost or read as something else, whatever its text and the template are. */
function checkRendered(
  definition: string,
  sections: Record<string, string>,
  files: readonly { source: string; lines: string }[],
  stage: string,
): void {
  const problems: string[] = [];
  const found = readSections(definition);
  const wanted = Object.entries(sections).concat(files.map(({ lines }) => ['files', lines]));
  for (const [name, text] of wanted) {
    const same = found.filter((section) => section.name === name);
    const isOptional = name.endsWith('script') || name === 'labels';
    if (text === '' || (same.length === 0 && isOptional)) continue;
    const read = same.map((section) => section.text).join('');
    if (!read.includes(`${joinSection(name, text)}\n`)) problems.push(`%${name} is not what was to be written`);
  }
  const title = new RegExp(`^Stage: ${stage.replaceAll('.', String.raw`\.`)}$`, 'm');
  if (stage !== '' && !title.test(found[0]?.text ?? '')) problems.push('the stage has lost its name');
  for (const { source } of files) {
    if (source !== '' && !definition.includes(`%files${source}\n`)) problems.push(`%files${source} is missing`);
  }
  if (problems.length > 0) throw misread(problems);
}

function misread(problems: readonly string[]): CtmgrError {
  return new CtmgrError('bug', 'the definition file would not be read as it is meant', {
    why: problems.slice(0, 5).join('; '),
    hint: 'check a template of your own for definition.def.mustache; otherwise report this with the Dockerfile',
  });
}
