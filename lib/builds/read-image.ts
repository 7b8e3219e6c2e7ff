import { inspectImage } from '../apptainer/inspect.ts';
import { signatureProblem } from '../apptainer/signature.ts';
import { readEnvironment } from './image-environment.ts';
import { type Provenance, readProvenance, withoutProvenance } from './provenance.ts';

/** What an image file tells about itself. */
export interface ImageFacts {
  labels: Record<string, string>;
  /** What it was built from, without what ctmgr adds; ends with one line break. */
  definition: string;
  /** What it sets, by name, as written. */
  environment: Map<string, string>;
  /** Undefined for an image that ctmgr has not made; see `readProvenance`. */
  origin: { provenance: Provenance; genuine: boolean } | undefined;
}

/** Reads an image file without starting it; see `inspectImage` for what it throws. */
export async function readImage(apptainer: string, file: string): Promise<ImageFacts> {
  const { labels, definition, environment } = await inspectImage(apptainer, file);
  return {
    labels,
    definition: endOnce(withoutProvenance(definition)),
    environment: readEnvironment(environment),
    origin: readProvenance(labels, definition),
  };
}

/** Why an image file is not signed well with the site's key; see `signatureProblem`. */
export async function imageSignature(apptainer: string, publicKey: string, file: string): Promise<string | undefined> {
  return signatureProblem(apptainer, publicKey, file);
}

/** A definition as it can be compared: Apptainer cuts its end off. */
export function endOnce(definition: string): string {
  return `${definition.trimEnd()}\n`;
}
