import type { RegistrySettings } from '../registry/http-request.ts';
import { parseImageName } from '../registry/image-name.ts';
import { readDigest } from '../registry/read-image.ts';
import { CtmgrError } from '../util/errors.ts';
import { inParallel } from '../util/in-parallel.ts';

/** What registries said about base images. */
export interface Digests {
  /** `sha256:…` by reference, as FROM names it. */
  known: Map<string, string>;
  /** Why there is none, by reference: the registry has no such image, refuses, or cannot be asked. */
  unknown: Map<string, CtmgrError>;
  /** One sentence for each registry that did not tell, with all the images that it was asked for. */
  problems: string[];
}

/** Questions at once: enough to hide the way there, few enough for a registry that counts them. */
const questionsAtOnce = 8;

/**
 * Asks registries for the digests that references have now, each once; one that names a digest needs no question. After a registry
 * could not be reached it is not asked for further images. Throws only what is no registry's answer: `interrupted`, `configuration`.
 */
export async function lookUpDigests(references: Iterable<string>, settings: RegistrySettings): Promise<Digests> {
  const known = new Map<string, string>();
  const unknown = new Map<string, CtmgrError>();
  const silent = new Map<string, CtmgrError>();
  await inParallel([...new Set(references)], questionsAtOnce, async (reference) => {
    const { registry = '', digest = '' } = parseImageName(reference) ?? {};
    const gone = silent.get(registry);
    if (digest !== '') known.set(reference, digest);
    else if (gone !== undefined) unknown.set(reference, gone);
    else {
      try {
        known.set(reference, await readDigest(reference, settings));
      } catch (error) {
        if (!(error instanceof CtmgrError) || !isAnswer(error)) throw error;
        unknown.set(reference, error);
        if (error.code === 'unavailable') silent.set(registry, error);
      }
    }
  });
  return { known, unknown, problems: describeProblems(unknown) };
}

function isAnswer({ code }: CtmgrError): boolean {
  return code === 'unavailable' || code === 'notAllowed' || code === 'inputMissing' || code === 'badDefinition';
}

function describeProblems(unknown: ReadonlyMap<string, CtmgrError>): string[] {
  const byRegistry = Map.groupBy(unknown, ([reference]) => parseImageName(reference)?.registry ?? reference);
  return [...byRegistry].map(([registry, failures]) => {
    const references = failures.map(([reference]) => reference).sort();
    const why = new Set(failures.map(([, error]) => error.why ?? error.message));
    return `registry ${registry} does not tell the digest of ${references.join(', ')}: ${[...why].join('; ')}`;
  });
}
