import { readFile } from 'node:fs/promises';

import type { CatalogueImage } from '../builds/catalogue-format.ts';
import { logFiles } from '../builds/tag-folders.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { parseReference } from '../util/names.ts';
import type { Answer, Context } from './context.ts';
import { loadCatalogue } from './load-catalogue.ts';

/** `ctmgr logs REF`: what a build printed; the newest build of NAME, whatever its end, if no tag is given. */
export async function run(argv: { image: string; err?: boolean; out?: boolean }, context: Context): Promise<Answer> {
  const image = findBuild((await loadCatalogue(context, { name: parseReference(argv.image).name })).images, argv.image);
  const files = logFiles(context.paths, image);
  const wanted = argv.err === true ? [files.err] : argv.out === true ? [files.out] : [files.out, files.err];
  const parts: string[] = [];
  for (const file of wanted) {
    const text = await readLog(file);
    if (text !== undefined) parts.push(wanted.length > 1 ? `==> ${file} <==\n${text}` : text);
  }
  if (parts.length === 0) {
    throw new CtmgrError('inputMissing', `there is no log of ${image.name}:${image.tag}`, {
      why:
        image.status === 'pending' || image.status === 'queued' ? `it is ${image.status}` : 'the build printed nothing',
      hint: `ctmgr status ${image.tag}`,
    });
  }
  return { kind: 'text', text: parts.join('\n') };
}

function findBuild(images: CatalogueImage[], text: string): CatalogueImage {
  const { name, tag, sha256 } = parseReference(text);
  const found = images.findLast(
    (image) =>
      image.name === name &&
      (tag === undefined || image.tag === tag) &&
      (sha256 === undefined || image.sha256 === sha256),
  );
  if (found !== undefined) return found;
  throw new CtmgrError('inputMissing', `there is no build of ${text}`, { hint: `ctmgr history ${name}` });
}

async function readLog(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw new CtmgrError('notAllowed', `cannot read ${path}`, { why: errorText(error), cause: error });
  }
}
