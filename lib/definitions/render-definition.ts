import { checkDefinition, readSections } from '../apptainer/check-definition.ts';
import { CtmgrError } from '../util/errors.ts';
import { renderTemplate } from '../util/template.ts';
import type { ContextManifest } from './context-manifest.ts';
import { layOutCopies } from './copy-layout.ts';
import { joinSection, makeSection } from './definition-sections.ts';
import { exportLine, findSavedNames, forgetLines, saveLines } from './export-lines.ts';
import { pullReference } from './image-reference.ts';
import { postLines } from './post-lines.ts';
import type { PlanLabel, RecipePlan } from './recipe-plan.ts';
import { keepsBaseEntrypoint, runScriptLines, savedRunscript } from './run-script.ts';

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
  /** In the order in which they are applied, all before the recipe's own steps. */
  overlays: readonly OverlayInput[];
  /** Labels beside the recipe's own; they win over those. */
  labels: readonly PlanLabel[];
  /** The text of `recipe-templates/definition.def.mustache` or of the site's own. */
  template: string;
}

/** What a label's line in `%labels` can hold; others are only written while building. */
const plainLabel = /^[^\s#%{}\p{Cc}][^\s{}\p{Cc}]* (?:[^\s{}\p{Cc}](?:[^{}\p{Cc}]{0,1000}[^\s{}\p{Cc}])?)?$/u;

/**
 * The Apptainer definition file of a recipe, to be built with the folder that `stageContext` fills as working directory.
 * Throws CtmgrError `configuration` for a template that names something unknown, `bug` if Apptainer would not read the result
 * as it is meant.
 */
export function renderDefinition({ plan, manifest, overlays, labels, template }: DefinitionInput): string {
  const allLabels = mergeLabels(plan.labels, labels);
  const script = runScriptLines(plan);
  const sections = {
    post: makeSection(
      'post',
      postLines({
        plan,
        manifest,
        overlayCommands: overlays.flatMap(({ steps }) => steps.map(({ command }) => command)),
        labels: allLabels,
        savedRunscript: keepsBaseEntrypoint(plan) ? savedRunscript : undefined,
      }),
    ),
    files: makeSection('files', fileLines(plan, manifest)),
    environment: makeSection('environment', environmentLines(plan)),
    labels: makeSection(
      'labels',
      allLabels.map(({ name, value }) => `${name} ${value}`).filter((line) => plainLabel.test(line)),
    ),
    runscript: makeSection('runscript', script),
    startscript: makeSection('startscript', script),
  };
  const header = { bootstrap: 'docker', from: pullReference(plan.base.reference) };
  const definition = renderTemplate(template, { ...header, ...sections }, 'definition.def.mustache');
  checkRendered(definition, sections);
  return definition;
}

function fileLines(plan: RecipePlan, manifest: ContextManifest): string[] {
  return [...layOutCopies(plan, manifest).values()].flatMap((layout) =>
    layout.kind === 'archive'
      ? [`${layout.archive} /${layout.archive}`]
      : layout.files.map(({ source, destination }) => `${source} ${destination}`),
  );
}

function environmentLines({ environment }: RecipePlan): string[] {
  const saved = findSavedNames(environment);
  return [...saveLines(saved), ...environment.map((variable) => exportLine(variable, saved)), ...forgetLines(saved)];
}

function mergeLabels(own: readonly PlanLabel[], added: readonly PlanLabel[]): PlanLabel[] {
  const merged = new Map([...own, ...added].map(({ name, value }) => [name, value]));
  return [...merged].map(([name, value]) => ({ name, value }));
}

/** Nothing of the recipe may be lost or read as something else, whatever its text and the template are. */
function checkRendered(definition: string, sections: Record<string, string>): void {
  const problems = checkDefinition(definition);
  const found = readSections(definition);
  for (const [name, text] of Object.entries(sections)) {
    const same = found.filter((section) => section.name === name);
    const isOptional = name.endsWith('script') || name === 'labels';
    if (text === '' || (same.length === 0 && isOptional)) continue;
    const read = same.map((section) => section.text).join('');
    if (!read.includes(`${joinSection(name, text)}\n`)) problems.push(`%${name} is not what was to be written`);
  }
  if (problems.length === 0) return;
  throw new CtmgrError('bug', 'the definition file would not be read as it is meant', {
    why: problems.slice(0, 5).join('; '),
    hint: 'check a template of your own for definition.def.mustache; otherwise report this with the Dockerfile',
  });
}
