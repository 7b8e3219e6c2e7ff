import { readFile } from 'node:fs/promises';
import * as v from 'valibot';

import type { Paths } from '../config/paths.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { parseReference } from '../util/names.ts';
import { type Catalogue, type CatalogueImage, catalogueSchema } from './catalogue-format.ts';

/** Reads the published catalogue: all that users and nodes without the database know. */
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

/** The published image that a reference means: current for NAME, exact for NAME:TAG and NAME@sha256:HEX. */
export function findImage(catalogue: Catalogue, reference: string): CatalogueImage {
  const wanted = parseReference(reference);
  const builds = catalogue.images.filter((image) => image.name === wanted.name);
  const found = builds.find((image) => {
    if (image.status !== 'success') return false;
    if (wanted.tag !== undefined) return image.tag === wanted.tag;
    return wanted.sha256 === undefined ? image.current : image.sha256 === wanted.sha256;
  });
  if (found !== undefined) return found;
  const known = builds.length > 0 || catalogue.recipes.some((recipe) => recipe.name === wanted.name);
  throw new CtmgrError('inputMissing', `there is no image ${reference}`, {
    ...(known ? { why: `${wanted.name} exists, but it has no such good build` } : {}),
    hint: known ? `ctmgr history ${wanted.name}` : 'ctmgr list',
  });
}
