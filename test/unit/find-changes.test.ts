import { describe, expect, test } from '@jest/globals';

import {
  type Circumstances,
  describeChange,
  findChanges,
  type Inputs,
  type Previous,
} from '../../lib/builds/find-changes.ts';
import type { BuiltImage, PlannedBase } from '../../lib/builds/plan-bases.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const debian = (letter: string | null): PlannedBase => ({
  kind: 'registry',
  reference: 'debian:12',
  digest: letter === null ? null : digest(letter),
});
const mpi = (built: BuiltImage | null): PlannedBase => ({ kind: 'image', reference: 'ctmgr:mpi', name: 'mpi', built });
const one = { id: 1, tag: '2026-11-22.1', sha256: 'a' };
const two = { id: 2, tag: '2026-11-22.2', sha256: 'b' };

const before: Previous = {
  version: 1,
  overlays: [
    { name: 'site', version: 3 },
    { name: 'certs', version: 1 },
  ],
  bases: [debian('a')],
  definition: 'From: x\n',
  apptainer: '1.4.5',
};
const about: Circumstances = {
  renderAgain: () => before.definition,
  imagesOf: () => [],
  apptainers: new Set(['1.4.5']),
};

/** What is said of a difference between the newest image and now. */
function said(
  now: Partial<Inputs>,
  then: Partial<Previous> = {},
  circumstances: Partial<Circumstances> = {},
): string[] {
  const previous = { ...before, ...then };
  const { version, overlays, bases } = previous;
  const changes = findChanges(previous, { version, overlays, bases, ...now }, { ...about, ...circumstances });
  return changes.map(describeChange);
}

describe('what has changed', () => {
  test('nothing', () => {
    expect(said({})).toEqual([]);
  });

  test('recipe version, with a base image of its own', () => {
    expect(said({ version: 2, bases: [{ kind: 'registry', reference: 'debian:13', digest: digest('c') }] })).toEqual([
      'recipe version 1 -> 2',
    ]);
  });

  test('overlays: version, new, gone, order', () => {
    const [site, certs] = before.overlays as [Inputs['overlays'][0], Inputs['overlays'][0]];
    expect(said({ overlays: [{ ...site, version: 4 }, certs] })).toEqual(['overlay site 3 -> 4']);
    expect(said({ overlays: [site, certs, { name: 'gpu', version: 2 }] })).toEqual(['overlay gpu added (version 2)']);
    expect(said({ overlays: [site] })).toEqual(['overlay certs gone (version 1)']);
    expect(said({ overlays: [certs, site] })).toEqual(['order of the overlays site certs -> certs site']);
  });

  test('base digests; one that is not known, then or now or both, is never the same', () => {
    expect(said({ bases: [debian('b')] })).toEqual(['base debian:12 sha256:aaaaaaaaaaaa… -> sha256:bbbbbbbbbbbb…']);
    expect(said({ bases: [debian(null)] })).toEqual(['base debian:12: its digest is not known now']);
    expect(said({ bases: [debian('a')] }, { bases: [debian(null)] })).toEqual([
      'base debian:12: it is not known which digest it had',
    ]);
    expect(said({ bases: [debian(null)] }, { bases: [debian(null)] })).toHaveLength(1);
    // Images from before bases were written down have none.
    expect(said({ bases: [debian('a')] }, { bases: [] })).toHaveLength(1);
  });

  test('base images of ours', () => {
    const then = { bases: [mpi(one)] };
    expect(said({ bases: [mpi(null)] }, then)).toEqual(['base mpi is built anew']);
    expect(said({ bases: [mpi(two)] }, then, { imagesOf: () => [2] })).toEqual([
      'base mpi 2026-11-22.1 -> 2026-11-22.2',
    ]);
    expect(said({ bases: [mpi(one)] }, then, { imagesOf: () => [1] })).toEqual([]);
    // Built from the newest image while the name is pinned to an older one, or the other way round.
    expect(said({ bases: [mpi(one)] }, { bases: [mpi(two)] }, { imagesOf: () => [1, 2] })).toEqual([]);
    expect(said({ bases: [mpi({ ...two, sha256: 'a' })] }, then, { imagesOf: () => [2] })).toEqual([]);
  });

  test('template: the same version, overlays and bases render to something else', () => {
    expect(said({}, {}, { renderAgain: () => 'other' })).toEqual(['the template of the definition file']);
    expect(said({ version: 2 }, {}, { renderAgain: () => 'other' })).toEqual(['recipe version 1 -> 2']);
  });

  test('Apptainer: a version that no node reports any more', () => {
    expect(said({}, { apptainer: '1.3.6' })).toEqual(['Apptainer 1.3.6 -> 1.4.5']);
    expect(said({}, { apptainer: '1.3.6' }, { apptainers: new Set(['1.3.6', '1.4.5']) })).toEqual([]);
    expect(said({}, { apptainer: null })).toEqual([]);
    expect(said({}, {}, { apptainers: new Set() })).toEqual([]);
  });
});
