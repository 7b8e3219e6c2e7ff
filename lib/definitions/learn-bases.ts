import type { Config } from '../config/schema.ts';
import type { RegistrySettings } from '../registry/http-request.ts';
import { readDigest, readImage } from '../registry/read-image.ts';
import { CtmgrError } from '../util/errors.ts';
import { configText } from './base-config.ts';
import { ownImageName } from './image-reference.ts';
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

/** Tells what an image of ours sets, undefined if nobody knows that; throws `inputMissing` if there is no such image. */
export type AskOwn = (name: string, line: number) => Promise<KnownBase | undefined>;

/**
 * Asks registries for the configuration of every base image that the target needs and that is not `given`, and `askOwn` for those of
 * ours; without `settings` no registry is asked. What could not be asked comes back as unknown; that there is no such image is an error of
 * the Dockerfile and thrown. `earlier`: what was known before, which is taken again, without a pull, where the digest is still the same.
 */
export async function learnBases(
  text: string,
  options: ParseOptions,
  given: readonly KnownBase[],
  earlier: readonly KnownBase[],
  settings: RegistrySettings | undefined,
  askOwn: AskOwn,
): Promise<{ known: KnownBase[]; unknown: UnknownBase[] }> {
  const platform = requirePlatform(options.platform);
  const known = [...given];
  const unknown: UnknownBase[] = [];
  const silent: NeededBase[] = [];
  for (;;) {
    const needed = neededBases(text, { ...options, baseConfigs: knownConfigs(known) });
    const asked = needed.filter(({ reference }) => settings !== undefined || ownImageName(reference) !== undefined);
    const fresh = new Map(asked.map((base) => [base.reference, base]));
    for (const { reference } of [...unknown, ...silent]) fresh.delete(reference);
    if (fresh.size === 0) return { known, unknown };
    const answers = [...fresh.values()].map(async (base): Promise<KnownBase | UnknownBase | NeededBase> => {
      const own = ownImageName(base.reference);
      if (own !== undefined) return (await askOwn(own, base.line)) ?? base;
      return learn(base, platform, earlier, settings as RegistrySettings);
    });
    for (const answer of await Promise.all(answers)) {
      if ('error' in answer) unknown.push(answer);
      else if ('config' in answer) known.push(answer);
      else silent.push(answer);
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
