import { type Comparable, compareImages, type Differences } from '../builds/compare-images.ts';
import { checkName } from '../util/names.ts';
import { escapeControls } from '../util/escape-controls.ts';
import type { Answer, Context } from './context.ts';
import { currentTag, findSide } from './diff-sides.ts';
import { loadCatalogue } from './load-catalogue.ts';

/** `ctmgr diff NAME A [B]`: what differs between two builds or versions of an image. */
export async function run(argv: { name: string; a: string; b?: string }, context: Context): Promise<Answer> {
  const name = checkName(argv.name, 'image');
  const catalogue = await loadCatalogue(context, { name });
  const a = await findSide(context, catalogue, name, argv.a);
  const b = await findSide(context, catalogue, name, argv.b ?? currentTag(catalogue, name));
  const found = compareImages(a, b);
  const record = { a: describe(a), b: describe(b), ...found };
  return { kind: 'record', record, text: `${diffLines(a, b, found).map(escapeControls).join('\n')}\n` };
}

function describe({ title, version, base, overlays, packages }: Comparable): Record<string, unknown> {
  return { name: title, version, base, overlays, packages: packages?.size ?? null };
}

function diffLines(a: Comparable, b: Comparable, found: Differences): string[] {
  const { base, base_digest, overlays, context, environment, packages, definition } = found;
  const facts = [
    ...(a.version === b.version ? [] : [`Version       ${a.version} -> ${b.version}`]),
    ...(base === null ? [] : [`Base image    ${base.before} -> ${base.after}`]),
    ...(base_digest === null
      ? []
      : [`Base digest   ${base_digest.before ?? 'not known'} -> ${base_digest.after ?? 'not known'}`]),
    ...(context === null ? [] : [`Files         ${context.before ?? 'none'} -> ${context.after ?? 'none'}`]),
    ...(overlays === null ? [] : [`Overlays      ${list(overlays.before)} -> ${list(overlays.after)}`]),
  ];
  const nothing = facts.length + environment.length + (packages?.length ?? 0) === 0 && definition === '';
  return [
    `${a.title} -> ${b.title}`,
    ...(nothing ? ['', 'Nothing differs but when and where they were built.'] : []),
    ...(facts.length === 0 ? [] : ['', ...facts]),
    ...section(
      'Environment',
      environment.map(({ name, before, after }) => changeLine(name, before, after, '=')),
    ),
    ...(packages === null
      ? ['', 'Packages: not known of both; the list is made when an image is built.']
      : section(
          `Packages (${a.packages?.size} -> ${b.packages?.size})`,
          packages.map(({ manager, name, before, after }) =>
            changeLine(`${manager} ${name}`, before.join(', ') || null, after.join(', ') || null, ' '),
          ),
        )),
    ...(definition === null
      ? ['', 'Definition: too different to be shown line by line.']
      : definition === ''
        ? []
        : ['', ...definition.trimEnd().split('\n')]),
  ];
}

function section(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function changeLine(name: string, before: string | null, after: string | null, between: string): string {
  if (before === null) return `+ ${name}${between}${after}`;
  if (after === null) return `- ${name}${between}${before}`;
  return `~ ${name}${between}${before} -> ${after}`;
}

function list(names: string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
