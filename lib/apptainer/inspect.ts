import { open } from 'node:fs/promises';
import * as v from 'valibot';

import { CtmgrError, errorText } from '../util/errors.ts';
import { requireFile } from '../util/require-file.ts';
import { run } from '../util/run.ts';

/** What an image file says about itself. */
export interface ImageMetadata {
  labels: Record<string, string>;
  /** The definition file that it was built from; empty if it was not built from one. */
  definition: string;
  /** Scripts that set its environment, by their path in the image, in the order in which they run. */
  environment: Record<string, string>;
}

const texts = v.record(v.string(), v.string());
const answer = v.object({
  data: v.object({
    attributes: v.object({
      labels: v.optional(v.nullable(texts), {}),
      deffile: v.optional(v.nullable(v.string()), ''),
      environment: v.optional(v.nullable(texts), {}),
    }),
  }),
});

/**
 * What `apptainer inspect` reads from the metadata of an image file, without starting it (sif list: JSON.Generic
 * `inspect-metadata.json`, written by every `apptainer build`). Throws CtmgrError `inputMissing` for a file that cannot
 * be read, `badDefinition` for one that is not an image in the SIF format, `unavailable` without a usable apptainer.
 */
export async function inspectImage(apptainer: string, file: string): Promise<ImageMetadata> {
  await checkImageFormat(file);
  const result = await run(apptainer, ['inspect', '--json', '--all', file]);
  if (result.spawnError !== undefined) {
    throw new CtmgrError('unavailable', `cannot run ${apptainer}`, { why: result.spawnError, hint: 'ctmgr config' });
  }
  if (result.exitCode !== 0) {
    const why = result.stderr.trim().split('\n').at(-1) ?? '';
    throw new CtmgrError('badDefinition', `apptainer cannot read the image ${file}`, { why });
  }
  try {
    const { labels, deffile, environment } = v.parse(answer, JSON.parse(result.stdout)).data.attributes;
    return { labels: labels ?? {}, definition: deffile ?? '', environment: environment ?? {} };
  } catch (error) {
    throw new CtmgrError('unavailable', `apptainer inspect says something unknown about ${file}`, {
      why: errorText(error),
      cause: error,
    });
  }
}

/**
 * Refuses what is not an image file in the SIF format (`inputMissing`, `badDefinition`), by its first bytes. Of anything
 * else apptainer would start a container to look into it.
 */
export async function checkImageFormat(file: string): Promise<void> {
  const magic = Buffer.alloc(9);
  await requireFile(file);
  try {
    const handle = await open(file);
    try {
      await handle.read(magic, 0, magic.length, 32);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new CtmgrError('inputMissing', `cannot read ${file}`, { why: errorText(error), cause: error });
  }
  if (magic.toString('latin1') === 'SIF_MAGIC') return;
  throw new CtmgrError('badDefinition', `${file} is not an image file`, { why: 'it is not in the SIF format' });
}
