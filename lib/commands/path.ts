import { findImage, findOlderFile } from '../builds/read-catalogue.ts';
import { parseReference } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';

/** `ctmgr path REF`: the exact file, pinned: it does not change when a newer build becomes current. */
export async function run(argv: { image: string }, context: Context): Promise<Answer> {
  const reference = parseReference(argv.image);
  const catalogue = await loadCatalogue(context, { name: reference.name });
  const image = await findOlderFile(context.paths, catalogue, reference);
  const { name, tag, file, sha256 } = image ?? findImage(catalogue, argv.image);
  return { kind: 'record', record: { name, tag, file, sha256 }, text: `${file}\n` };
}
