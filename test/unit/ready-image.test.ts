import { describe, expect, it } from '@jest/globals';

import { isImageFile, originOf, parseReadyImage, readyDefinition } from '../../lib/definitions/ready-image.ts';

describe('a ready image', () => {
  it.each([
    ['docker://debian:13', { kind: 'docker', reference: 'debian:13' }, 'Bootstrap: docker\nFrom: debian:13\n'],
    ['oci-archive:/a b/x.tar', { kind: 'oci-archive', file: '/a b/x.tar' }, 'Bootstrap: oci-archive\nFrom: image\n'],
    ['docker-archive:/x.sif', { kind: 'docker-archive', file: '/x.sif' }, 'Bootstrap: docker-archive\nFrom: image\n'],
    ['/x/vendor.sif', { kind: 'sif', file: '/x/vendor.sif' }, 'Bootstrap: localimage\nFrom: image\n'],
  ])('%s is understood, and its origin means the same again', (text, image, definition) => {
    const parsed = parseReadyImage(text);
    expect(parsed).toEqual(image);
    expect(parsed && originOf(parsed)).toBe(text);
    expect(readyDefinition(text)).toBe(definition);
    expect(isImageFile(text)).toBe(image.kind === 'sif');
  });

  it('is told from a Dockerfile, and a reference that no registry takes is refused', () => {
    for (const text of ['Dockerfile', './sif', 'app/Dockerfile.sif.old', 'docker:x']) {
      expect(parseReadyImage(text)).toBeUndefined();
    }
    for (const text of ['docker://', 'docker://a b', 'docker://x\nBootstrap: docker']) {
      expect(() => parseReadyImage(text)).toThrow(/names no image of a registry/);
    }
    expect(isImageFile(null)).toBe(false);
  });
});
