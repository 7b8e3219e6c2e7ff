import { describe, expect, test } from '@jest/globals';
import { fullReference } from '../../lib/definitions/image-reference.ts';
import { parseImageName } from '../../lib/registry/image-name.ts';
import { choosePlatform, type Descriptor, type ImagePlatform } from '../../lib/registry/manifest.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('the name of an image', () => {
  test.each([
    ['debian', 'docker.io', 'library/debian', 'latest', ''],
    ['debian:12', 'docker.io', 'library/debian', '12', ''],
    ['rocker/r-ver:4', 'docker.io', 'rocker/r-ver', '4', ''],
    ['docker.io/debian', 'docker.io', 'library/debian', 'latest', ''],
    ['index.docker.io/library/debian', 'docker.io', 'library/debian', 'latest', ''],
    ['localhost/a', 'localhost', 'a', 'latest', ''],
    ['127.0.0.1:5000/a/b:c', '127.0.0.1:5000', 'a/b', 'c', ''],
    ['[::1]:5000/a', '[::1]:5000', 'a', 'latest', ''],
    ['HOST/a', 'HOST', 'a', 'latest', ''],
    [`quay.io/a/b@${digest}`, 'quay.io', 'a/b', '', digest],
    [`quay.io/a/b:1@${digest}`, 'quay.io', 'a/b', '1', digest],
  ])('%s', (text, registry, repository, tag, wanted) => {
    expect(parseImageName(text)).toEqual({ registry, repository, tag, digest: wanted });
    expect(fullReference(fullReference(text))).toBe(fullReference(text));
  });

  test.each(['', 'A', 'a//b', 'a/../b', 'a:', 'a@sha256:1', 'a b', 'a?x=1', 'a:b/../c', 'host:99/', 'a'.repeat(1025)])(
    '%j is none',
    (text) => expect(parseImageName(text)).toBeUndefined(),
  );
});

describe('the image for a platform', () => {
  const entry = (name: string): Descriptor => {
    const [os = '', architecture = '', variant] = name.split('/');
    return { mediaType: '', digest, size: 0, platform: { os, architecture, variant } };
  };
  const wanted = (name: string): ImagePlatform => {
    const [os = '', architecture = '', variant = ''] = name.split('/');
    return { os, architecture, variant };
  };
  test.each([
    ['linux/amd64', 'linux/arm64 linux/amd64 unknown/unknown', 'linux/amd64'],
    ['linux/amd64', 'linux/amd64/v3 linux/amd64', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64 linux/amd64/v2 linux/amd64/v4', 'linux/amd64/v2'],
    ['linux/arm64', 'linux/arm/v7 linux/arm64/v8', 'linux/arm64/v8'],
    ['linux/arm', 'linux/arm/v5 linux/arm/v7 linux/arm/v6', 'linux/arm/v7'],
    ['linux/arm/v6', 'linux/arm/v7 linux/arm/v5', 'linux/arm/v5'],
    ['linux/arm/v5', 'linux/arm/v7', undefined],
    ['linux/amd64', 'windows/amd64 linux/arm64 linux/amd64/odd', undefined],
  ])('%s of %s', (platform, list, chosen) => {
    const found = choosePlatform(list.split(' ').map(entry), wanted(platform))?.platform;
    expect(found && [found.os, found.architecture, found.variant].filter(Boolean).join('/')).toBe(chosen);
  });
});
