import { type BaseConfigs, configText, readConfig, splitConfigFile } from './base-config.ts';
import { quote } from '../util/names.ts';

/** What is known about a base image, as it is stored with a version. */
export interface KnownBase {
  /** As FROM names it, with all variables resolved; `*`: every image that is not named. */
  reference: string;
  /** From `--base-config`, or from the registry. */
  origin: 'file' | 'registry';
  /** `sha256:…` that the reference had in the registry. */
  digest: string | null;
  /** See `configText`. */
  config: string;
}

/** Reads the text of a `--base-config` file; `what` names it in messages. Throws CtmgrError `badDefinition`. */
export function readConfigFile(text: string, what: string): KnownBase[] {
  return [...splitConfigFile(text, what)].map(([reference, document]) => ({
    reference,
    origin: 'file',
    digest: null,
    config: configText(document, `${what}, ${quote(reference)}`),
  }));
}

/** The configurations as a Dockerfile is resolved with them. */
export function knownConfigs(known: readonly KnownBase[]): BaseConfigs {
  return new Map(known.map(({ reference, config }) => [reference, readConfig(JSON.parse(config), quote(reference))]));
}

/** True if both say the same about the same images; digests do not count. */
export function sameKnowledge(one: readonly KnownBase[], other: readonly KnownBase[]): boolean {
  const text = (known: readonly KnownBase[]): string =>
    known
      .map(({ reference, config }) => JSON.stringify([reference, config]))
      .toSorted()
      .join('\n');
  return text(one) === text(other);
}
