import { checkDefinition, readSections } from './check-definition.ts';

/** Where Apptainer cuts a definition into stages (apptainer/apptainer, pkg/build/types/parser/deffile.go, `All`). */
const stageStart = /(?<![^\n])(?=bootstrap:)/gi;

/** The stages of a definition as Apptainer sees them; what stands before the first one belongs to it. */
export function splitStages(definition: string): string[] {
  const starts = [...definition.matchAll(stageStart)].map(({ index }) => index).slice(1);
  return [0, ...starts].map((start, index) => definition.slice(start, starts[index] ?? definition.length));
}

/** The name in a stage's header, '' without one. */
export function stageName(stage: string): string {
  const header = readSections(stage)[0]?.text ?? '';
  return /^stage:[ \t]*(.*?)[ \t]*$/im.exec(header)?.[1] ?? '';
}

/**
 * Reads a whole definition file by Apptainer's own rules, like `checkDefinition` one stage: also that each name is there once and that
 * files come from a stage before.
 */
export function checkStages(definition: string): string[] {
  const stages = splitStages(definition);
  const names: string[] = [];
  return stages.flatMap((stage, index) => {
    const name = stageName(stage);
    const title = stages.length === 1 ? '' : `stage ${name === '' ? index + 1 : name}: `;
    const problems = checkDefinition(stage);
    for (const [, source = ''] of stage.matchAll(/^[ \t]*%files[ \t]+from[ \t]+(.*?)[ \t]*$/gim)) {
      if (!names.includes(source)) problems.push(`%files from ${source}: no stage before has this name`);
    }
    if (name === '' && index < stages.length - 1) problems.push('a stage that is not the last has no name');
    if (name !== '' && names.includes(name)) problems.push('there is another stage of this name');
    names.push(name);
    return problems.map((problem) => title + problem);
  });
}
