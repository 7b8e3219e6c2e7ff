import { readFileSync } from 'node:fs';

import { readSections } from '../../../lib/apptainer/check-definition.ts';
import { parseDockerfile } from '../../../lib/definitions/parse-dockerfile.ts';
import { renderDefinition } from '../../../lib/definitions/render-definition.ts';

const template = readFileSync(new URL('../../../recipe-templates/definition.def.mustache', import.meta.url), 'utf8');

/** The definition file of a Dockerfile that reads no build context, without overlays. */
export function definitionFor(dockerfile: string, buildArgs: Record<string, string> = {}): string {
  const plan = parseDockerfile(dockerfile, { buildArgs });
  return renderDefinition({ plan, manifest: { entries: [], digest: '' }, overlays: [], labels: [], template });
}

/** The text of all sections of that name, as Apptainer takes them. */
export function sectionOf(definition: string, name: string): string {
  return readSections(definition)
    .filter((section) => section.name === name)
    .map(({ text }) => text)
    .join('');
}
