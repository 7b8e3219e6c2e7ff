/** Limit of the scanner that reads sections: bufio.MaxScanTokenSize of Go. */
const largestSection = 64 * 1024;
/** Go's unicode.IsSpace as far as bufio.ScanWords uses it. */
const blank = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const sectionLine = new RegExp(`^${blank}*%`);
const sectionNames = new Set(
  [
    'arguments',
    'environment',
    'files',
    'help',
    'labels',
    'post',
    'pre',
    'runscript',
    'setup',
    'startscript',
    'test',
  ].concat(['appinstall', 'applabels', 'appfiles', 'appenv', 'apptest', 'apphelp', 'apprun', 'appstart']),
);
const fileWords = /(?:[^\s"']*\{\{\s*\w+\s*\}\}*[^\s{}"']*)+|[^\s"']+|"[^"]*"|'[^']*'/g;

export interface DefinitionSection {
  /** Lower case, without `%`; empty for the header. */
  name: string;
  /** Counted from 1. */
  line: number;
  /** Without the line that names it. */
  text: string;
}

/**
 * Splits a definition file as Apptainer does: a line whose first word begins with `%` starts a section
 * (apptainer/apptainer, pkg/build/types/parser/deffile.go). The first element is the header.
 */
export function readSections(definition: string): DefinitionSection[] {
  const sections: DefinitionSection[] = [{ name: '', line: 1, text: '' }];
  for (const [index, line] of definition.replace(/\n$/, '').split('\n').entries()) {
    if (sectionLine.test(line)) {
      const name = line.replace(/^%+/, '').toLowerCase().split(' ')[0] as string;
      sections.push({ name, line: index + 1, text: '' });
    } else (sections.at(-1) as DefinitionSection).text += `${line}\n`;
  }
  return sections;
}

/**
 * Reads a definition file by Apptainer's own rules and returns what it would reject or misunderstand, one sentence each;
 * an empty list for a good one. For one stage of a definition, without build arguments.
 */
export function checkDefinition(definition: string): string[] {
  const sections = readSections(definition);
  return [
    ...checkText(definition),
    ...checkHeader(sections[0] as DefinitionSection),
    ...checkSections(definition, sections),
  ];
}

function checkText(definition: string): string[] {
  const problems: string[] = [];
  const at = (position: number) => `line ${definition.slice(0, position).split('\n').length}`;
  for (const found of definition.matchAll(/\{\{\s*(\w+)\s*\}\}/g)) {
    problems.push(`${at(found.index)}: {{${found[1]}}} is taken for a build argument`);
  }
  for (const found of [...definition.matchAll(/(?<![^\n])bootstrap:/gi)].slice(1)) {
    problems.push(`${at(found.index)}: a line that begins with bootstrap: starts a second stage`);
  }
  const lost = /\r\n/.exec(definition);
  if (lost) problems.push(`${at(lost.index)}: the carriage return at the end of the line would be lost`);
  const nul = definition.indexOf('\0');
  if (nul >= 0) problems.push(`${at(nul)}: NUL character`);
  return problems;
}

function checkHeader({ text }: DefinitionSection): string[] {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (!/^[a-z]+$/.test(key)) problems.push(`header: ${JSON.stringify(line.slice(0, 80))} is not KEY: VALUE`);
    else if (/[#\\]/.test(line)) problems.push(`header: # or \\ in the value of ${key}`);
    else values.set(key, line.slice(colon + 1).trim());
  }
  for (const key of values.get('bootstrap')?.toLowerCase() === 'scratch' ? ['bootstrap'] : ['bootstrap', 'from']) {
    if (!values.get(key)) problems.push(`header: ${key} is missing`);
  }
  return problems;
}

function checkSections(definition: string, sections: readonly DefinitionSection[]): string[] {
  const lines = definition.split('\n');
  return sections.flatMap(({ name, line, text }, index) => {
    const problems: string[] = [];
    const title = index === 0 ? '' : `${lines[line - 1] as string}\n`;
    const following = sections[index + 1];
    const next = following ? `${lines[following.line - 1] as string}\n` : '';
    if (index > 0 && !sectionNames.has(name))
      problems.push(`line ${line}: ${JSON.stringify(title.trim())} is not a section`);
    const size = Buffer.byteLength(title + text + next);
    if (size >= largestSection)
      problems.push(`line ${line}: the section has ${size} bytes, Apptainer reads less than ${largestSection}`);
    return name === 'files' ? [...problems, ...checkFiles(line, text)] : problems;
  });
}

/** `%files` takes two words of a line and ignores the rest. */
function checkFiles(line: number, text: string): string[] {
  return text.split('\n').flatMap((entry, index) => {
    if (entry.trim() === '' || entry.trim().startsWith('#')) return [];
    const words = entry.trim().match(fileWords) ?? [];
    return words.length === 2 ? [] : [`line ${line + index + 1}: ${words.length} words in %files instead of 2`];
  });
}
