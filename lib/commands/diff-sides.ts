import { existsSync } from 'node:fs';

import type { Catalogue, CatalogueImage } from '../builds/catalogue-format.ts';
import type { Comparable } from '../builds/compare-images.ts';
import { readPackages } from '../builds/package-list.ts';
import { endOnce, readImage } from '../builds/read-image.ts';
import { packagesFile } from '../builds/tag-folders.ts';
import { reaches } from '../config/rights.ts';
import { CtmgrError } from '../util/errors.ts';
import { isTag, quote } from '../util/names.ts';
import type { Context } from './context.ts';

/**
 * What `ctmgr diff` compares: a build by its tag, or a recipe version by its number. A version means its newest build, and
 * for those who may open the database, if there is none, what would be built now.
 */
export async function findSide(
  context: Context,
  catalogue: Catalogue,
  name: string,
  text: string,
): Promise<Comparable> {
  const builds = catalogue.images.filter((image) => image.name === name);
  if (!/^\d{1,9}$/.test(text)) {
    if (!isTag(text)) {
      throw new CtmgrError('usage', `${quote(text)} is neither a build tag nor the number of a version`, {
        why: 'a build tag looks like 2026-11-22.1, a version like 3',
        hint: `ctmgr history ${name}`,
      });
    }
    const image = builds.find((build) => build.tag === text);
    if (image !== undefined) return sideOfBuild(context, image);
    throw new CtmgrError('inputMissing', `there is no build of ${name} in ${text}`, { hint: `ctmgr history ${name}` });
  }
  const version = Number(text);
  const image = builds.findLast((build) => build.version === version && build.status === 'success');
  if (image !== undefined) return sideOfBuild(context, image);
  if (!catalogue.recipes.some((recipe) => recipe.name === name && recipe.version === version)) {
    throw new CtmgrError('inputMissing', `${name} has no version ${version}`, { hint: `ctmgr history ${name}` });
  }
  if (!mayOpenStore(context)) {
    throw new CtmgrError('inputMissing', `version ${version} of ${name} has no good build`, {
      why: 'only admins can compare what was never built',
      hint: `ctmgr history ${name}`,
    });
  }
  return sideOfVersion(context, name, version);
}

async function sideOfBuild(context: Context, image: CatalogueImage): Promise<Comparable> {
  const common = {
    title: `${image.name}:${image.tag}`,
    version: image.version,
    base: image.base,
    overlays: image.overlays,
    packages: await readPackages(packagesFile(context.paths, image)),
  };
  if (image.file !== null && existsSync(image.file)) {
    const { definition, environment, origin } = await readImage(context.config.apptainer.path, image.file);
    return { ...common, definition, context: origin?.provenance.context ?? null, environment };
  }
  if (mayOpenStore(context)) {
    const { findInputs } = await import('../store/version-rows.ts');
    const inputs = await findInputs(await context.store(), image.name, image.tag);
    if (inputs !== undefined) {
      const { definition, context_digest } = inputs;
      return { ...common, definition: endOnce(definition), context: context_digest, environment: undefined };
    }
  }
  throw new CtmgrError('inputMissing', `there is no image file of ${image.name}:${image.tag}`, {
    why: image.status === 'success' ? 'it was deleted' : `the build ended with ${image.status}`,
    hint: `ctmgr history ${image.name}`,
  });
}

async function sideOfVersion(context: Context, name: string, version: number): Promise<Comparable> {
  const { renderVersion } = await import('../definitions/render-version.ts');
  const { definition, overlays, source } = await renderVersion(await context.store(), name, version, context.config);
  return {
    title: `${name}, version ${version} (not built)`,
    version,
    base: source.base.location,
    overlays: overlays.map((overlay) => `${overlay.name}:${overlay.version}`),
    definition: endOnce(definition),
    context: source.content.context_digest,
    environment: undefined,
    packages: undefined,
  };
}

function mayOpenStore({ caller, paths }: Context): boolean {
  return reaches(caller.level, 'admin') && existsSync(paths.database);
}

/** What NAME means now, as a tag: the second side if none is given. */
export function currentTag(catalogue: Catalogue, name: string): string {
  const current = catalogue.images.find((image) => image.name === name && image.current);
  if (current !== undefined && isTag(current.tag)) return current.tag;
  throw new CtmgrError('inputMissing', `${name} has no image now to compare with`, { hint: `ctmgr history ${name}` });
}
