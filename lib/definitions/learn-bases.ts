import type { Config } from '../config/schema.ts';
import type { RegistrySettings } from '../registry/http-request.ts';
import { readDigest, readImage } from '../registry/read-image.ts';
import { CtmgrError } from '../util/errors.ts';
import { configText } from './base-config.ts';
import { type KnownBase, knownConfigs } from './known-base.ts';
import { type Platform, requirePlatform } from './platform.ts';
import { type NeededBase, neededBases, type ParseOptions } from './resolve-dockerfile.ts';

/** A base image of which the registry did not tell. */
export interface UnknownBase extends NeededBase {
  /** `unavailable` or `notAllowed`. */
  error: CtmgrError;
}

/** What the site's configuration says about registries. */
export function registrySettings({ registries }: Config, cancel: AbortSignal): RegistrySettings {
  return { insecure: registries.insecure, timeout: registries.timeout * 1000, cancel };
}

/**
 * Asks registries for the configuration of every base image that the target needs and that is not `given`. What could not be asked comes
 * back as unknown; that there is no such image is an error of the Dockerfile and thrown. `earlier`: what was known before, which is taken
 * again, without a pull, where the digest is still the same.
 */
export async function learnBases(
  text: string,
  options: ParseOptions,
  given: readonly KnownBase[],
  earlier: readonly KnownBase[],
  settings: RegistrySettings,
): Promise<{ known: KnownBase[]; unknown: UnknownBase[] }> {
  const platform = requirePlatform(options.platform);
  const known = [...given];
  const unknown: UnknownBase[] = [];
  for (;;) {
    const needed = neededBases(text, { ...options, baseConfigs: knownConfigs(known) });
    const fresh = new Map(needed.map((base) => [base.reference, base]));
    for (const { reference } of unknown) fresh.delete(reference);
    if (fresh.size === 0) return { known, unknown };
    const answers = [...fresh.values()].map((base) => learn(base, platform, earlier, settings));
    for (const answer of await Promise.all(answers)) {
      if ('error' in answer) unknown.push(answer);
      else known.push(answer);
    }
  }
}

async function learn(
  { reference, line }: NeededBase,
  platform: Platform,
  earlier: readonly KnownBase[],
  settings: RegistrySettings,
): Promise<KnownBase | UnknownBase> {
  try {
    const before = earlier.find((base) => base.reference === reference && base.digest !== null);
    if (before && (await readDigest(reference, settings)) === before.digest) return before;
    const { digest, config } = await readImage(reference, platform, settings);
    return {
      reference,
      origin: 'registry',
      digest,
      config: configText(config, `what the registry says of ${reference}`),
    };
  } catch (error) {
    if (!(error instanceof CtmgrError)) throw error;
    if (error.code === 'unavailable' || error.code === 'notAllowed') return { reference, line, error };
    if (error.code !== 'inputMissing') throw error;
    throw new CtmgrError('inputMissing', `Dockerfile line ${line}: ${error.message}`, {
      ...(error.why === undefined ? {} : { why: error.why }),
      hint: 'check name and tag; --no-pull-config does not ask',
      cause: error,
    });
  }
}

/** One sentence about what could not be learned. */
export function describeUnknown({ reference, line, error }: UnknownBase): string {
  return `line ${line}: what ${reference} sets is not known: ${error.message}${error.why === undefined ? '' : ` (${error.why})`}`;
}
