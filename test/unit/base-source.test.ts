import { describe, expect, test } from '@jest/globals';

import { exactSource, namedSource, registrySource } from '../../lib/definitions/base-source.ts';
import { ownImageName } from '../../lib/definitions/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('where a stage comes from', () => {
  test('ctmgr:NAME is ours; everything else a registry has', () => {
    expect(ownImageName('ctmgr:open-mpi_4.1')).toBe('open-mpi_4.1');
    for (const other of [
      'ctmgr',
      'ctmgr/mpi',
      'ctmgr/mpi:1',
      'docker.io/library/ctmgr:mpi',
      'x/ctmgr:mpi',
      `ctmgr@${digest}`,
    ])
      expect(ownImageName(other)).toBeUndefined();
  });

  test('for readers: the tag, or the current image', () => {
    const named = namedSource(() => '/srv/ctmgr/current');
    expect(named('debian:12')).toEqual({ bootstrap: 'docker', from: 'debian:12' });
    expect(named('ctmgr:mpi')).toEqual({ bootstrap: 'localimage', from: '/srv/ctmgr/current/mpi.sif' });
    expect(registrySource(`debian:12@${digest}`)).toEqual({ bootstrap: 'docker', from: `debian@${digest}` });
  });

  test('for the build: the digest, as far as it is known, or what the task has', () => {
    const exact = exactSource(
      new Map([
        ['debian:12', digest],
        ['127.0.0.1:5000/a/b', digest],
        [`debian:11@${digest}`, digest],
      ]),
    );
    expect(exact('debian:12').from).toBe(`debian@${digest}`);
    expect(exact('127.0.0.1:5000/a/b').from).toBe(`127.0.0.1:5000/a/b@${digest}`);
    expect(exact(`debian:11@${digest}`).from).toBe(`debian@${digest}`);
    expect(exact('alpine:3').from).toBe('alpine:3');
    expect(exact('ctmgr:mpi')).toEqual({ bootstrap: 'localimage', from: '../bases/mpi.sif' });
  });
});
