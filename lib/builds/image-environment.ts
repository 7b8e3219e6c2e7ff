import { readSections } from '../apptainer/check-definition.ts';

/** Scripts that Apptainer itself puts into every image (internal/pkg/build/metadata.go and pkg/build/oci). */
const ownScripts = /\/(01-base|94-appsbase|95-apps|99-base|99-runtimevars)\.sh$/;

/** What the scripts of an image set, by name, as written; the last one counts. */
export function readEnvironment(scripts: Readonly<Record<string, string>>): Map<string, string> {
  const texts = Object.entries(scripts).filter(([path]) => !ownScripts.test(path));
  return assignments(texts.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text));
}

/** What `%environment` of a definition sets. */
export function definitionEnvironment(definition: string): Map<string, string> {
  const sections = readSections(definition).filter(({ name }) => name === 'environment');
  return assignments(sections.map(({ text }) => text));
}

function assignments(texts: string[]): Map<string, string> {
  const lines = texts.join('\n').matchAll(/^[ \t]*export[ \t]+([A-Za-z_]\w*)=(.*)$/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, value.trim()]));
}
