import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

import { isSigned, signatureProblem } from '../../apptainer/signature.ts';
import type { Config } from '../../config/schema.ts';
import type { OfferedImage } from '../../store/offered-images.ts';
import { CtmgrError, errorText, isSystemError } from '../../util/errors.ts';
import { inParallel } from '../../util/in-parallel.ts';
import { type Finding, findingsOf } from './finding.ts';

/** Images that are read at once: each is hashed as a whole. */
const width = 2;

/** Whether what names mean has a good signature by the site's key; nothing without `[signing]`. */
export async function checkSignatures({ signing, apptainer }: Config, images: OfferedImage[]): Promise<Finding[]> {
  if (signing === undefined) return [];
  const { key, public_key } = signing;
  try {
    await access(public_key, constants.R_OK);
  } catch (error) {
    const found = findingsOf('signing key', public_key);
    return [found.problem(errorText(error), 'correct [signing] in config.toml: nothing is published without it')];
  }
  const findings: Finding[] = [];
  let good = 0;
  await inParallel(images, width, async (image) => {
    if (image.file === null) return;
    const finding = await checkOne(image, image.file, { apptainer: apptainer.path, publicKey: public_key });
    if (finding === undefined) good += 1;
    else findings.push(finding);
  });
  if (good > 0) {
    findings.unshift(
      findingsOf('signatures', key).ok(`${good} current ${good === 1 ? 'image is' : 'images are'} signed`),
    );
  }
  return findings;
}

/** Undefined if the image is signed well, by the site or, a ready image, by its maker. */
async function checkOne(
  { name, kind }: OfferedImage,
  file: string,
  tools: { apptainer: string; publicKey: string },
): Promise<Finding | undefined> {
  const found = findingsOf('signature', name);
  try {
    await access(file, constants.R_OK);
    const problem = await signatureProblem(tools.apptainer, tools.publicKey, file);
    if (problem === undefined) return undefined;
    const again = `ctmgr fsck --hash says whether the file was changed; a new image: ctmgr rebuild ${name}`;
    if (await isSigned(tools.apptainer, file)) {
      return kind === 'image' ? undefined : found.problem(`not good by the key of this site: ${problem}`, again);
    }
    return found.warning('not signed: published before [signing] was set, or changed since', again);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return found.problem(`${file} is not there`, 'ctmgr fsck');
    if (isSystemError(error)) return found.unknown(errorText(error), 'sudo ctmgr doctor');
    if (error instanceof CtmgrError) return found.unknown(`${error.message}: ${error.why ?? ''}`);
    throw error;
  }
}
