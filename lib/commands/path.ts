import { findImage, readCatalogue } from '../builds/read-catalogue.ts';
import type { Answer, Context } from './context.ts';

/** `ctmgr path REF`: the exact file, pinned: it does not change when a newer build becomes current. */
export async function run(argv: { image: string }, { paths }: Context): Promise<Answer> {
  const { name, tag, file, sha256 } = findImage(await readCatalogue(paths), argv.image);
  return { kind: 'record', record: { name, tag, file, sha256 }, text: `${file}\n` };
}
