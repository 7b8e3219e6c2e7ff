import { resolve } from 'node:path';

import type { Catalogue, CatalogueImage } from '../builds/catalogue-format.ts';
import type { Provenance } from '../builds/provenance.ts';
import { readCatalogue } from '../builds/read-catalogue.ts';
import { imageSignature, readImage } from '../builds/read-image.ts';
import { CtmgrError, exitCodes } from '../util/errors.ts';
import { escapeControls } from '../util/escape-controls.ts';
import { hashFile } from '../util/hash-file.ts';
import type { Answer, Context } from './context.ts';

/** `apptainer build` writes its version into every image. */
const apptainerLabel = 'org.label-schema.usage.apptainer.version';

/** `ctmgr inspect FILE`: where an image file comes from, from the file alone and, where there is one, from the catalogue. */
export async function run(argv: { file: string }, context: Context): Promise<Answer> {
  const file = resolve(argv.file);
  const { labels, origin: found } = await readImage(context.config.apptainer.path, file);
  const sha256 = await hashFile(file);
  const signature = await checkSignature(context, file);
  const catalogue = await catalogueIfAny(context);
  const same = catalogue?.images.filter((image) => image.status === 'success' && image.sha256 === sha256) ?? [];
  const published = same.find((image) => image.file === file) ?? same[0];
  const provenance = found?.provenance;
  const made = found?.genuine === true;
  const verdicts = [
    made
      ? 'This image was made by ctmgr.'
      : provenance !== undefined
        ? `This image was not made by ctmgr, but from one that was: ${provenance.name}:${provenance.tag}.`
        : 'This image was not made by ctmgr.',
    ...(made || published !== undefined ? [describePublication(catalogue, published, provenance)] : []),
  ];
  const lines: [string, string | null | undefined][] = [
    ['File', file],
    ['SHA256', sha256],
    ...(provenance === undefined ? [] : provenanceLines(provenance)),
    ['Apptainer', labels[apptainerLabel]],
    ['Signature', signature],
  ];
  const text = [
    ...verdicts,
    '',
    ...lines.flatMap(([title, value]) =>
      value === null || value === undefined ? [] : [`${title.padEnd(15)} ${escapeControls(value)}`],
    ),
    '',
  ].join('\n');
  const record = {
    file,
    sha256,
    made_by_ctmgr: made,
    provenance: provenance ?? null,
    apptainer: labels[apptainerLabel] ?? null,
    signature,
    published:
      published === undefined ? null : { name: published.name, tag: published.tag, current: published.current },
    labels,
  };
  return { kind: 'record', record, text, exitCode: made || published !== undefined ? 0 : exitCodes.failed };
}

function provenanceLines(provenance: Provenance): [string, string | null][] {
  const { overlays, base_digest } = provenance;
  return [
    ['Name', provenance.name],
    ['Build tag', provenance.tag],
    ['Recipe version', String(provenance.version)],
    ['Overlays', overlays.length === 0 ? 'none' : overlays.join(', ')],
    ['Base image', base_digest === null ? provenance.base : `${provenance.base} (${base_digest})`],
    ['Read from', provenance.origin],
    ['Its SHA256', provenance.dockerfile_sha256],
    ['Files', provenance.context ?? 'none copied'],
    ['Input hash', provenance.input_hash],
    ['ctmgr', provenance.ctmgr],
  ];
}

function describePublication(
  catalogue: Catalogue | undefined,
  published: CatalogueImage | undefined,
  provenance: Provenance | undefined,
): string {
  if (published !== undefined) {
    const current = published.current ? `, what ${published.name} means now` : '';
    return `It is, byte for byte, the published image ${published.name}:${published.tag}${current}.`;
  }
  if (catalogue === undefined) return 'There is no catalogue here that could tell whether it is a published image.';
  const { name, tag } = provenance ?? { name: '', tag: '' };
  const known = catalogue.images.some(
    (image) => image.name === name && image.tag === tag && image.status === 'success',
  );
  return known
    ? `It is not the published image ${name}:${tag} any more: the file was changed.`
    : `The catalogue here does not know it: there is no published image ${name}:${tag}.`;
}

/** What is known of the site's own signature; null where no key of the site is known. */
async function checkSignature({ config }: Context, file: string): Promise<string | null> {
  const { signing } = config;
  if (signing === undefined) return null;
  const problem = await imageSignature(config.apptainer.path, signing.public_key, file);
  return problem === undefined
    ? `good, by the key of this site (${signing.public_key})`
    : `not by this site: ${problem}`;
}

/** Somebody may ask about a file far away from the site that made it. */
async function catalogueIfAny(context: Context): Promise<Catalogue | undefined> {
  try {
    return await readCatalogue(context.paths);
  } catch (error) {
    if (error instanceof CtmgrError && error.code === 'inputMissing') return undefined;
    throw error;
  }
}
