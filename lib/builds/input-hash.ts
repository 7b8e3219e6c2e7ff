import { createHash } from 'node:crypto';

import type { Previous } from './find-changes.ts';
import type { PlannedBase } from './plan-bases.ts';

/** All that an image is made of. */
export interface ImageInputs extends Previous {
  /** `sha256:HEX` over what its recipe copies; null if it copies nothing. */
  context: string | null;
  /** `linux/arm64`; null: that of the build node. */
  platform: string | null;
}

/**
 * The same for two builds exactly if they are made of the same: version of the recipe, build context, versions of the overlays, digests
 * of the base images, template, version of Apptainer. The definition stands for the template, which is in it with all the rest. Before
 * a build, a base image of the same tag counts as not known. Hexadecimal SHA-256.
 */
export function inputHash(inputs: ImageInputs): string {
  const { version, context, platform, overlays, bases, definition, apptainer } = inputs;
  const parts = [
    version,
    context,
    platform,
    overlays.map((overlay) => [overlay.name, overlay.version]),
    bases.map((base) => [base.reference, digestOf(base)]),
    definition,
    apptainer,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** True if it is known of every base image which one is taken; otherwise equal hashes say nothing. */
export function hasExactBases(bases: readonly PlannedBase[]): boolean {
  return bases.every((base) => digestOf(base) !== null);
}

function digestOf(base: PlannedBase): string | null {
  if (base.kind === 'registry') return base.digest;
  // Of an image that is being built it is empty.
  return base.built === null || base.built.sha256 === '' ? null : base.built.sha256;
}
