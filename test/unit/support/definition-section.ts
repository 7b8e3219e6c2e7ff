import { readFileSync } from 'node:fs';

import { readSections } from '../../../lib/apptainer/check-definition.ts';
import type { ContextManifest } from '../../../lib/definitions/context-manifest.ts';
import { parseDockerfile } from '../../../lib/definitions/parse-dockerfile.ts';
import { type DefinitionInput, renderDefinition } from '../../../lib/definitions/render-definition.ts';

/** Our own template of a definition file. */
export const template = readFileSync(
  new URL('../../../recipe-templates/definition.def.mustache', import.meta.url),
  'utf8',
);

/** The definition file of a Dockerfile whose build context holds these files; without overlays, unless they are given. */
export function render(dockerfile: string, more: Partial<DefinitionInput> & { files?: string[] } = {}): string {
  const plan = more.plan ?? parseDockerfile(dockerfile, { buildArgs: {} });
  const manifest: ContextManifest = {
    digest: 'sha256:0',
    entries: (more.files ?? []).map((path) => ({ type: 'file', path, mode: 0o644, size: 0, sha256: '' })),
  };
  return renderDefinition({ manifest, overlays: [], labels: [], template, ...more, plan });
}

/** The definition file of a Dockerfile that reads no build context, without overlays. */
export function definitionFor(dockerfile: string, buildArgs: Record<string, string> = {}): string {
  return render(dockerfile, { plan: parseDockerfile(dockerfile, { buildArgs }) });
}

/** The text of all sections of that name, as Apptainer takes them. */
export function sectionOf(definition: string, name: string): string {
  return readSections(definition)
    .filter((section) => section.name === name)
    .map(({ text }) => text)
    .join('');
}
