import { realpath } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import { checkImageFormat } from '../apptainer/inspect.ts';
import type { Store } from '../store/open.ts';
import { CtmgrError, errorText } from '../util/errors.ts';
import { checkName } from '../util/names.ts';
import { requireFile } from '../util/require-file.ts';
import { makeManifest } from './build-context.ts';
import { readEntry } from './context-entries.ts';
import type { ContextManifest } from './context-manifest.ts';
import { type ImportOutcome, type ImportRequest, keepContext, storeVersion } from './import-recipe.ts';
import type { Material } from './read-material.ts';
import { parseDockerfile } from './parse-dockerfile.ts';
import { originOf, type ReadyImage } from './ready-image.ts';
import { hasMember } from './tar-file.ts';

/** What every archive of the kind holds (image-spec, image-layout.md; moby, image/spec/v1.2.md). */
const indexFiles = { 'oci-archive': 'index.json', 'docker-archive': 'manifest.json' } as const;

/**
 * Stores a ready image as a new version of a recipe, unless the newest version is the same. A file is checked, hashed and
 * copied into the store; what a registry holds is only pulled when it is built. Throws `inputMissing` for a file that
 * cannot be read, `badDefinition` for one of another format.
 */
export async function importReadyImage(
  store: Store,
  contextsFolder: string,
  image: ReadyImage,
  request: Omit<ImportRequest, 'dockerfile' | 'context' | 'buildArgs'>,
  by: string,
): Promise<ImportOutcome> {
  checkName(request.name, 'recipe');
  if (request.baseName !== undefined) checkName(request.baseName, 'base image');
  const whole = { ...request, dockerfile: '', context: undefined, buildArgs: {} };
  if (image.kind === 'docker') {
    const material = describeImage(image, makeManifest([]));
    return store.transaction().execute((db) => storeVersion(db, whole, material, by));
  }
  const file = await locate(image.file);
  await requireFile(file);
  await checkFile(image.kind, file);
  const entry = await readEntry(dirname(file), basename(file));
  if (entry?.type !== 'file') {
    throw new CtmgrError('inputMissing', `${file} is not a regular file`, { hint: 'name the image file itself' });
  }
  const material = describeImage({ kind: image.kind, file: resolve(image.file) }, makeManifest([entry]));
  await keepContext(material.manifest, dirname(file), contextsFolder);
  return store.transaction().execute((db) => storeVersion(db, whole, material, by));
}

async function locate(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    throw new CtmgrError('inputMissing', `cannot read ${file}`, { why: errorText(error), cause: error });
  }
}

async function checkFile(kind: Exclude<ReadyImage['kind'], 'docker'>, file: string): Promise<void> {
  if (kind === 'sif') return checkImageFormat(file);
  const index = indexFiles[kind];
  if ((await hasMember(file, index)) || (await hasMember(file, `./${index}`))) return;
  throw new CtmgrError('badDefinition', `${file} is no ${kind}`, {
    why: `it is not a tar file with ${index} in it`,
    hint:
      kind === 'docker-archive'
        ? `docker save --output ${file} IMAGE`
        : `skopeo copy docker://IMAGE oci-archive:${file}`,
  });
}

function describeImage(image: ReadyImage, manifest: ContextManifest): Material {
  const origin = originOf(image);
  const reference = image.kind === 'docker' ? image.reference : origin;
  const nothing = parseDockerfile('FROM scratch\n', { buildArgs: {} });
  const plan = { ...nothing, base: { kind: 'image' as const, reference, line: 1 }, warnings: [] };
  return {
    text: `# ready image ${origin}\n`,
    plan,
    manifest,
    platform: null,
    bases: [],
    notes: [],
    kind: 'image',
    origin,
  };
}
