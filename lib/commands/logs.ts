import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { CatalogueImage } from '../builds/catalogue-format.ts';
import { checkShare } from '../builds/check-share.ts';
import { placeOfVerification } from '../builds/submit-verification.ts';
import { logFiles, placeOf } from '../builds/tag-folders.ts';
import { findVerification } from '../store/verifications.ts';
import { callerGroups } from '../util/accounts.ts';
import { CtmgrError, errorText, isSystemError } from '../util/errors.ts';
import { isName, isVerificationName, parseReference } from '../util/names.ts';
import { readForeignEnd } from '../util/read-foreign.ts';
import type { Answer, Context } from './context.ts';
import { asksStore, loadCatalogue } from './load-catalogue.ts';

/** MiB of one log that are printed: more than anybody reads, and less than a text can hold. */
const most = 32;

/** Whose log it is, and how the build stands if that is known. */
interface Logged {
  name: string;
  tag: string;
  group: string | null;
  status?: string;
}

/**
 * `ctmgr logs REF`: what a build printed; the newest build of NAME, whatever its end, if no tag is given. Of a verification build, which
 * the catalogue does not list, by its own name.
 */
export async function run(argv: { image: string; err?: boolean; out?: boolean }, context: Context): Promise<Answer> {
  const image: Logged = isVerificationName(argv.image)
    ? await findVerified(context, argv.image)
    : findBuild((await loadCatalogue(context, { name: parseReference(argv.image).name })).images, argv.image);
  const files = logFiles(context.paths, image);
  const wanted = argv.err === true ? [files.err] : argv.out === true ? [files.out] : [files.out, files.err];
  const parts: string[] = [];
  for (const file of wanted) {
    const text = await readLog(file, context);
    if (text !== undefined) parts.push(wanted.length > 1 ? `==> ${file} <==\n${text}` : text);
  }
  if (parts.length === 0) {
    await checkShare(context.paths);
    throw new CtmgrError('inputMissing', `there is no log of ${image.name}:${image.tag}`, {
      why:
        image.status === 'pending' || image.status === 'queued'
          ? `it is ${image.status}`
          : 'the build printed nothing, or its log has been cleared away',
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
  const hint = images.some((image) => image.name === name) ? `ctmgr history ${name}` : 'ctmgr list --all';
  throw new CtmgrError('inputMissing', `there is no build of ${text}`, { hint });
}

/** For those without the database: what may be read is what is there. */
async function findVerified(context: Context, name: string): Promise<Logged> {
  if (asksStore(context)) {
    const row = await findVerification(await context.store(), name);
    if (row !== undefined) return { ...placeOfVerification(row), status: row.status };
  } else {
    for (const group of [null, ...callerGroups()]) {
      const subject = await subjectIn(join(placeOf(context.paths, group).logs, name));
      if (subject !== undefined) return { name: subject, tag: name, group };
    }
  }
  throw new CtmgrError('inputMissing', `there is no log of ${name}`, {
    why: `verification builds are kept for ${context.config.build.verification_days} days`,
    hint: 'ctmgr status --verifications',
  });
}

/** What is verified in a folder of logs; undefined if there is no such folder, or the caller may not read it. */
async function subjectIn(folder: string): Promise<string | undefined> {
  try {
    return (await readdir(folder)).map((file) => file.replace(/\.(log|err|packages)$/, '')).find(isName);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}

/** Undefined if there is none. Of one that a build has blown up only the end. */
async function readLog(path: string, { terminal }: Context): Promise<string | undefined> {
  try {
    const { text, isCut } = await readForeignEnd(path, most << 20);
    if (isCut) terminal.say(`ctmgr: these are the last ${most} MiB of ${path}`);
    return text;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    const isClosed = isSystemError(error, 'EACCES', 'EPERM');
    throw new CtmgrError(isClosed ? 'notAllowed' : 'unavailable', `cannot read ${path}`, {
      why: errorText(error),
      hint: isClosed ? 'ask somebody who may use the image, or root' : `ls -l ${path}; is the share mounted?`,
      cause: error,
    });
  }
}
