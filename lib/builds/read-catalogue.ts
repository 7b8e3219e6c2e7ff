import { access, constants, readFile } from 'node:fs/promises';
import * as v from 'valibot';

import type { Paths } from '../config/paths.ts';
import { callerGroups } from '../util/accounts.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { type ImageReference, parseReference } from '../util/names.ts';
import { type Catalogue, type CatalogueImage, catalogueSchema } from './catalogue-format.ts';
import { imageFile, placeOf } from './tag-folders.ts';

/**
 * Reads what is published for the caller: the catalogue for everybody and those of the caller's groups, as one. It is
 * all that users and nodes without the database know.
 */
export async function readCatalogue(paths: Paths): Promise<Catalogue> {
  const path = paths.catalogue;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const missing = isSystemError(error, 'ENOENT', 'ENOTDIR');
    throw new CtmgrError(missing ? 'inputMissing' : 'unavailable', `cannot read the catalogue ${path}`, {
      why: missing ? 'nothing has been set up, or the share is not mounted here' : errorText(error),
      hint: `ls -l ${paths.share}; on a new site: ctmgr init`,
      cause: error,
    });
  }
  return (await readPrivate(paths)).reduce(merge, parseCatalogue(path, text));
}

async function readPrivate(paths: Paths): Promise<Catalogue[]> {
  const found: Catalogue[] = [];
  for (const group of callerGroups()) {
    const path = placeOf(paths, group).catalogue;
    try {
      found.push(parseCatalogue(path, await readFile(path, 'utf8')));
    } catch (error) {
      // Most groups have no images; and a folder that is closed to the caller is as good as none.
      if (!isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
    }
  }
  return found;
}

function parseCatalogue(path: string, text: string): Catalogue {
  try {
    return v.parse(catalogueSchema, JSON.parse(text));
  } catch (error) {
    throw new CtmgrError('unavailable', `the catalogue ${path} is damaged`, {
      why: errorText(error),
      hint: 'ctmgr poll writes it anew',
      cause: error,
    });
  }
}

function merge(one: Catalogue, other: Catalogue): Catalogue {
  const tags = new Map([...one.tags, ...other.tags].map((tag) => [tag.name, tag]));
  return {
    ...one,
    images: [...one.images, ...other.images].sort((a, b) => compareTags(a.tag, b.tag)),
    recipes: [...one.recipes, ...other.recipes],
    tags: [...tags.values()].sort((a, b) => compareTags(a.name, b.name)),
  };
}

/** `2026-11-22.9` comes before `2026-11-22.10`. */
function compareTags(a: string, b: string): number {
  const [dayA = '', numberA] = a.split('.');
  const [dayB = '', numberB] = b.split('.');
  return dayA === dayB ? Number(numberA) - Number(numberB) : dayA < dayB ? -1 : 1;
}

/** The published image that a reference means: current for NAME, exact for NAME:TAG and NAME@sha256:HEX. */
export function findImage(catalogue: Catalogue, reference: string): CatalogueImage & { file: string } {
  const wanted = parseReference(reference);
  const builds = catalogue.images.filter((image) => image.name === wanted.name);
  const found = builds.find((image) => {
    if (image.status !== 'success') return false;
    if (wanted.tag !== undefined) return image.tag === wanted.tag;
    return wanted.sha256 === undefined ? image.current : image.sha256 === wanted.sha256;
  });
  if (found !== undefined && found.file !== null) return { ...found, file: found.file };
  const known = builds.length > 0 || catalogue.recipes.some((recipe) => recipe.name === wanted.name);
  throw new CtmgrError('inputMissing', `there is no image ${reference}`, {
    ...(known ? { why: found?.message ?? `${wanted.name} exists, but it has no such good build` } : {}),
    hint: known ? `ctmgr history ${wanted.name}` : 'ctmgr list',
  });
}

/**
 * The file of NAME:TAG that is too old for the catalogue to list, if it is there and the caller may read it: an image
 * appears under its name when it is complete, and opens to readers when it is published.
 */
export async function findOlderFile(
  paths: Paths,
  catalogue: Catalogue,
  { name, tag }: ImageReference,
): Promise<{ name: string; tag: string; file: string; sha256: null } | undefined> {
  if (tag === undefined || catalogue.images.some((image) => image.name === name && image.tag === tag)) return undefined;
  for (const group of [null, ...callerGroups()]) {
    const file = imageFile(paths, { name, tag, group });
    try {
      await access(file, constants.R_OK);
      return { name, tag, file, sha256: null };
    } catch (error) {
      if (!isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
    }
  }
  return undefined;
}
