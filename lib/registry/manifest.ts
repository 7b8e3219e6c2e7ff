import * as v from 'valibot';

/** What is asked for: OCI's and Docker's manifests and indexes (opencontainers/image-spec, media-types.md). */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

const imageConfigTypes = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'];

/** The part of a platform's name that an image can have. */
export interface ImagePlatform {
  os: string;
  architecture: string;
  /** Empty: that of the first processors of the kind, `v7` for arm. */
  variant: string;
}

const descriptor = v.object({
  mediaType: v.optional(v.string(), ''),
  digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/)),
  size: v.pipe(v.number(), v.integer(), v.minValue(0)),
  platform: v.nullish(
    v.object({
      os: v.optional(v.string(), ''),
      architecture: v.optional(v.string(), ''),
      variant: v.nullish(v.string()),
    }),
  ),
});

export type Descriptor = v.InferOutput<typeof descriptor>;

const manifestSchema = v.object({ schemaVersion: v.literal(2), config: descriptor });
const indexSchema = v.object({ schemaVersion: v.literal(2), manifests: v.array(descriptor) });

/** A manifest as far as it matters here; `other` is what holds no container image. */
export type Manifest =
  { kind: 'image'; config: Descriptor } | { kind: 'index'; manifests: Descriptor[] } | { kind: 'other'; why: string };

/** Reads a manifest or index from its JSON document. */
export function readManifest(document: unknown): Manifest {
  const index = v.safeParse(indexSchema, document);
  if (index.success) return { kind: 'index', manifests: index.output.manifests };
  const image = v.safeParse(manifestSchema, document);
  if (!image.success) return { kind: 'other', why: 'its manifest is of no known kind (Docker schema 1 is too old)' };
  const { config } = image.output;
  if (imageConfigTypes.includes(config.mediaType)) return { kind: 'image', config };
  return { kind: 'other', why: 'it holds something else than a container image' };
}

/** The variants of a processor's first kind: an image without one is for that. */
const firstVariants: Record<string, number> = { amd64: 1, arm: 7, arm64: 8 };

/**
 * The image of an index for a platform: of the same system and processor, the newest variant that is not newer than the wanted one
 * (containerd/platforms, `Only`). Attestations have the platform `unknown/unknown`. undefined if there is none.
 */
export function choosePlatform(manifests: readonly Descriptor[], wanted: ImagePlatform): Descriptor | undefined {
  const limit = variantNumber(wanted.architecture, wanted.variant);
  return manifests
    .flatMap((each) => {
      const { os, architecture, variant } = each.platform ?? {};
      const number = variantNumber(wanted.architecture, variant ?? '');
      const fits = os === wanted.os && architecture === wanted.architecture && number <= limit;
      return fits ? [{ each, number }] : [];
    })
    .reduce<{ each: Descriptor; number: number } | undefined>(
      (best, one) => (best && best.number >= one.number ? best : one),
      undefined,
    )?.each;
}

/** The names of all platforms of an index, for messages. */
export function listPlatforms(manifests: readonly Descriptor[]): string[] {
  const names = manifests.flatMap(({ platform }) =>
    platform && platform.os !== 'unknown'
      ? [[platform.os, platform.architecture, platform.variant].filter(Boolean).join('/')]
      : [],
  );
  return [...new Set(names)];
}

/** `v8` is 8; a name that is no number is newer than all. */
function variantNumber(architecture: string, variant: string): number {
  if (variant === '') return firstVariants[architecture] ?? 0;
  const number = /^v(\d{1,4})$/.exec(variant)?.[1];
  return number === undefined ? Infinity : Number(number);
}
