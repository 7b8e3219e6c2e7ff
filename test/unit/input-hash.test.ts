import { describe, expect, test } from '@jest/globals';

import { hasExactBases, type ImageInputs, inputHash } from '../../lib/builds/input-hash.ts';
import type { PlannedBase } from '../../lib/builds/plan-bases.ts';

const debian = (digest: string | null): PlannedBase => ({ kind: 'registry', reference: 'debian:12', digest });
const mpi = (sha256: string | null): PlannedBase => {
  const built = sha256 === null ? null : { id: 1, tag: '2026-11-22.1', sha256 };
  return { kind: 'image', reference: 'ctmgr:mpi', name: 'mpi', built };
};

const one: ImageInputs = {
  version: 1,
  context: null,
  platform: null,
  overlays: [
    { name: 'site', version: 3 },
    { name: 'certs', version: 1 },
  ],
  bases: [debian('sha256:a'), mpi('b')],
  definition: 'From: x\n',
  apptainer: '1.4.5',
};

describe('the input hash', () => {
  test('is the same for the same inputs, whichever tag they are of', () => {
    expect(inputHash(one)).toMatch(/^[0-9a-f]{64}$/);
    const base = { kind: 'image', reference: 'ctmgr:mpi', name: 'mpi' } as const;
    const later = { ...base, built: { id: 9, tag: '2026-11-23.1', sha256: 'b' } };
    expect(inputHash({ ...structuredClone(one), bases: [debian('sha256:a'), later] })).toBe(inputHash(one));
  });

  test.each<[string, Partial<ImageInputs>]>([
    ['version of the recipe', { version: 2 }],
    ['build context', { context: 'sha256:1' }],
    ['platform', { platform: 'linux/arm64' }],
    ['version of an overlay', { overlays: [{ name: 'site', version: 4 }, ...one.overlays.slice(1)] }],
    ['order of overlays', { overlays: one.overlays.toReversed() }],
    ['digest of a base image', { bases: [debian('sha256:c'), mpi('b')] }],
    ['a digest that is not known', { bases: [debian(null), mpi('b')] }],
    ['base image of ours', { bases: [debian('sha256:a'), mpi('c')] }],
    ['template', { definition: 'From: x\n# site\n' }],
    ['Apptainer', { apptainer: '1.4.6' }],
    ['an Apptainer that is not known', { apptainer: null }],
  ])('differs: %s', (_what, change) => {
    expect(inputHash({ ...one, ...change })).not.toBe(inputHash(one));
  });
});

test.each<[PlannedBase[], boolean]>([
  [[], true],
  [one.bases, true],
  [[debian(null)], false],
  [[mpi(null)], false],
  [[mpi('')], false],
])('hashes are only compared if all base images are known: %j', (bases, exact) => {
  expect(hasExactBases(bases)).toBe(exact);
});
