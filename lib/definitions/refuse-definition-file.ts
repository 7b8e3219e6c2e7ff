import { basename } from 'node:path';

import { CtmgrError } from '../util/errors.ts';
import { shellQuote } from '../util/shell-quote.ts';

/**
 * Refuses an Apptainer definition file where a Dockerfile is expected: it begins with its header, `Bootstrap:` (Apptainer user guide,
 * Definition Files). Throws CtmgrError `badDefinition` with the ways out.
 */
export function refuseDefinitionFile(text: string, path: string): void {
  const first = text.split('\n').find((line) => !/^\s*(#|$)/.test(line)) ?? '';
  if (!/^\s*bootstrap\s*:/i.test(first)) return;
  const isLocal = /^\s*bootstrap\s*:\s*localimage\b/i.test(first);
  const from = isLocal ? 'FROM ctmgr:NAME for an image of this site' : 'FROM for From:';
  const sif = `${basename(path).replace(/\.[^.]*$/, '') || 'image'}.sif`;
  throw new CtmgrError('badDefinition', `${path} is an Apptainer definition file`, {
    why: 'recipes are Dockerfiles, so that what they copy and start from can be stored, checked and followed',
    hint: `write it as one (${from}, RUN for %post), or build it and import the image: apptainer build ${shellQuote(sif)} ${shellQuote(path)}; ctmgr import ${shellQuote(sif)} --name NAME`,
  });
}
