import { describe, expect, it } from '@jest/globals';

import { type Comparable, compareImages } from '../../lib/builds/compare-images.ts';
import { readEnvironment } from '../../lib/builds/image-environment.ts';
import { comparePackages, parsePackages } from '../../lib/builds/package-list.ts';

const [one, two] = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`);

function side(more: Partial<Comparable>): Comparable {
  return {
    title: 'app:2026-11-22.1',
    version: 1,
    base: 'busybox:1',
    overlays: [],
    definition: 'Bootstrap: docker\nFrom: busybox:1\n',
    context: null,
    environment: undefined,
    packages: undefined,
    ...more,
  };
}

describe('compareImages', () => {
  it('finds nothing between equals', () => {
    expect(compareImages(side({}), side({ title: 'app:2026-11-22.2' }))).toEqual({
      base: null,
      base_digest: null,
      overlays: null,
      context: null,
      environment: [],
      packages: null,
      definition: '',
    });
  });

  it('finds what differs', () => {
    const a = side({ definition: `From: busybox@${one}\n\n%environment\n    export A="x"\n    export B=1\n` });
    const b = side({
      title: 'app:2026-11-22.2',
      base: 'busybox:2',
      overlays: ['software:2'],
      context: one ?? null,
      definition: `From: busybox@${two}\n\n%environment\n    export A="y"\n    export C=1\n`,
    });
    expect(compareImages(a, b)).toEqual({
      base: { before: 'busybox:1', after: 'busybox:2' },
      base_digest: { before: one, after: two },
      overlays: { before: [], after: ['software:2'] },
      context: { before: null, after: one },
      environment: [
        { name: 'A', before: '"x"', after: '"y"' },
        { name: 'B', before: '1', after: null },
        { name: 'C', before: null, after: '1' },
      ],
      packages: null,
      definition: expect.stringMatching(/^--- app:2026-11-22\.1\n\+\+\+ app:2026-11-22\.2\n@@ .*\n-From: /),
    });
  });

  it('compares what images set only if both can be asked', () => {
    const scripts = {
      '/.singularity.d/env/99-base.sh': 'export PS1="x"\n',
      '/.singularity.d/env/90-environment.sh': '#!/bin/sh\nexport PATH=/b\n',
      '/.singularity.d/env/10-docker2singularity.sh': 'export PATH="/a"\n  export LANG="C"\nunset X\n',
    };
    const environment = readEnvironment(scripts);
    expect([...environment]).toEqual([
      ['PATH', '/b'],
      ['LANG', '"C"'],
    ]);
    expect(compareImages(side({ environment }), side({})).environment).toEqual([]);
    expect(compareImages(side({ environment }), side({ environment: new Map() })).environment).toHaveLength(2);
  });
});

describe('package lists', () => {
  it('say what came, went and changed', () => {
    const before = parsePackages('dpkg\tbash\t5.2\ndpkg\tlibc6\t2.41\npip\tsix\t1\n');
    const after = parsePackages('dpkg\tbash\t5.3\ndpkg\tlibc6\t2.41\ndpkg\tlibc6\t2.42\nrpm\tzlib\t1\n');
    expect(comparePackages(before, after)).toEqual([
      { manager: 'dpkg', name: 'bash', before: ['5.2'], after: ['5.3'] },
      { manager: 'dpkg', name: 'libc6', before: ['2.41'], after: ['2.41', '2.42'] },
      { manager: 'pip', name: 'six', before: ['1'], after: [] },
      { manager: 'rpm', name: 'zlib', before: [], after: ['1'] },
    ]);
  });

  it('leave out what an image made up', () => {
    expect(parsePackages('dpkg\tbash\n\n\t\t\nx\nrpm\ta\t1\tmore\n').size).toBe(0);
  });
});
