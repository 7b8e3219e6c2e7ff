import { access } from 'node:fs/promises';

import { checkShare } from '../builds/check-share.ts';
import { findImage, findOlderFile } from '../builds/read-catalogue.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { parseReference } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';

/** `ctmgr path REF`: the exact file, pinned: it does not change when a newer build becomes current. Never one that is not there. */
export async function run(argv: { image: string }, context: Context): Promise<Answer> {
  const reference = parseReference(argv.image);
  const catalogue = await loadCatalogue(context, { name: reference.name });
  const image = await findOlderFile(context.paths, catalogue, reference);
  const { name, tag, file, sha256 } = image ?? findImage(catalogue, argv.image);
  await checkFile(file, `${name}:${tag}`, context);
  return { kind: 'record', record: { name, tag, file, sha256 }, text: `${file}\n` };
}

async function checkFile(file: string, image: string, { paths }: Context): Promise<void> {
  try {
    await access(file);
  } catch (error) {
    // An admin who is not in the image's group learns where it is all the same.
    if (isSystemError(error, 'EACCES')) return;
    await checkShare(paths);
    const isGone = isSystemError(error, 'ENOENT', 'ENOTDIR');
    throw new CtmgrError(
      isGone ? 'inputMissing' : 'unavailable',
      `the file of ${image} ${isGone ? 'is gone' : 'cannot be looked at'}`,
      {
        why: errorText(error),
        hint: 'an admin asks: ctmgr fsck',
        cause: error,
      },
    );
  }
}
