import { createHash } from 'node:crypto';

import type { RecipePlan } from '../definitions/recipe-plan.ts';
import { rootReference } from '../definitions/build-stages.ts';
import { ownImageName } from '../definitions/image-reference.ts';
import type { OwnBase } from '../store/instance-bases.ts';
import type { Instance } from '../store/instances.ts';
import type { RecipeContent } from '../store/recipes.ts';

/** Where an image comes from, as it is written into the image. A published format: members are only ever added. */
export interface Provenance {
  schema: 1;
  /** Name and version of the recipe. */
  name: string;
  version: number;
  /** The build tag that the image was built for. */
  tag: string;
  /** `NAME:VERSION` of each, in the order in which they were applied. */
  overlays: string[];
  base: string;
  /** `sha256:HEX` of the base image, if the build was told which one to take; of an image of ours that of its file. */
  base_digest: string | null;
  /** The Dockerfile: hexadecimal SHA-256 of its text, and where it was read from. */
  dockerfile_sha256: string;
  origin: string | null;
  /** `sha256:HEX` over what it copies; null if it copies nothing. */
  context: string | null;
  /** Over definition and context: the same for two builds exactly if they were asked for the same thing. */
  input_hash: string;
  /** Hexadecimal SHA-256 of the definition file up to the sections that say all this. */
  definition_sha256: string;
  /** Version of ctmgr. Apptainer writes its own down itself. */
  ctmgr: string;
}

/** Place of the document in the image: Apptainer's own folder, which no Docker image has and no recipe copies to. */
const documentPath = '/.singularity.d/ctmgr.json';

/** First of the lines that are added to a definition. They are not part of what `definition_sha256` is about. */
const firstLines = '\n%files\n    # ctmgr: where this image comes from\n';

const labelPrefix = 'org.ctmgr.';

/** The document about an image that is yet to be built; `more.own`: our images that it is based on, with their hashes. */
export function describeProvenance(
  instance: Pick<Instance, 'name' | 'version' | 'tag' | 'input_hash'>,
  content: Pick<RecipeContent, 'dockerfile_hash' | 'origin' | 'context_digest'>,
  more: { definition: string; plan: RecipePlan; overlays: string[]; own?: OwnBase[]; ctmgr: string },
): Provenance {
  const base = rootReference(more.plan);
  const own = more.own?.find(({ name }) => name === ownImageName(base))?.sha256;
  return {
    schema: 1,
    name: instance.name,
    version: instance.version,
    tag: instance.tag,
    overlays: more.overlays,
    base,
    base_digest: own ? `sha256:${own}` : baseDigest(more.definition),
    dockerfile_sha256: content.dockerfile_hash,
    origin: content.origin,
    context: content.context_digest,
    input_hash: instance.input_hash,
    definition_sha256: sha256(more.definition),
    ctmgr: more.ctmgr,
  };
}

/** The digest that the last `From:` of a definition names, as `sha256:HEX`. */
export function baseDigest(definition: string): string | null {
  return [...definition.matchAll(/^From: \S*@(sha256:[0-9a-f]{64})$/gm)].at(-1)?.[1] ?? null;
}

/**
 * The definition with the provenance in it: as the document `file` (relative to the build's working directory), which
 * shows inside the image, and as labels, which `apptainer inspect` reads without starting it. Sections of the same name
 * are joined by Apptainer, and the last stage is the image.
 */
export function addProvenance(definition: string, provenance: Provenance, file: string): string {
  // An image that is based on one of ours has its labels, until others take their place.
  const inherits = ownImageName(provenance.base) !== undefined;
  const labels = Object.entries(provenance).flatMap(([key, value]) =>
    value === null
      ? inherits
        ? [`    ${labelPrefix}${key}`]
        : []
      : [`    ${labelPrefix}${key} ${encodeValue(Array.isArray(value) ? value.join(',') : String(value))}`],
  );
  return `${definition}${firstLines}    ${file} ${documentPath}\n\n%labels\n${labels.join('\n')}\n`;
}

/**
 * What an image's labels say about its origin, and whether the definition in it is the one that they speak of; undefined
 * for an image that ctmgr has not made. Labels are inherited: an image that somebody made from ours has them too, but another definition.
 */
export function readProvenance(
  labels: Readonly<Record<string, string>>,
  definition: string,
): { provenance: Provenance; genuine: boolean } | undefined {
  const text = (key: keyof Provenance): string | null => {
    const value = labels[`${labelPrefix}${key}`];
    return value === undefined || value === '' ? null : decodeValue(value);
  };
  const name = text('name');
  const version = Number(text('version'));
  const tag = text('tag');
  if (text('schema') === null || name === null || tag === null || !Number.isInteger(version)) return undefined;
  const provenance: Provenance = {
    schema: 1,
    name,
    version,
    tag,
    overlays: text('overlays')?.split(',') ?? [],
    base: text('base') ?? '',
    base_digest: text('base_digest'),
    dockerfile_sha256: text('dockerfile_sha256') ?? '',
    origin: text('origin'),
    context: text('context'),
    input_hash: text('input_hash') ?? '',
    definition_sha256: text('definition_sha256') ?? '',
    ctmgr: text('ctmgr') ?? '',
  };
  return { provenance, genuine: sha256(withoutProvenance(definition)) === provenance.definition_sha256 };
}

/** The definition as it was before `addProvenance`. */
export function withoutProvenance(definition: string): string {
  const end = definition.lastIndexOf(firstLines);
  return end < 0 ? definition : definition.slice(0, end);
}

/** A label is one line, and Apptainer takes braces, quotes and `#` for its own. */
function encodeValue(value: string): string {
  return value.toWellFormed().replace(/[^\w./:@,+=~-]/gu, (character) => encodeURIComponent(character));
}

function decodeValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Somebody else's text.
    return value;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
