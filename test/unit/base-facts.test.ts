import { expect, test } from '@jest/globals';
import { guessBaseFacts } from '../../lib/definitions/base-facts.ts';

test.each([
  ['debian:12', 'debian', 'apt'],
  ['debian', 'debian', 'apt'],
  ['library/ubuntu:24.04', 'ubuntu', 'apt'],
  ['docker.io/library/alpine', 'alpine', 'apk'],
  ['localhost:5000/debian', 'debian', 'apt'],
  ['localhost:5000/site/debian:12-slim', 'debian', 'apt'],
  ['quay.io/rockylinux/rockylinux:9', 'rockylinux', 'dnf'],
  [`debian:12@sha256:${'0'.repeat(64)}`, 'debian', 'apt'],
  [`debian@sha256:${'0'.repeat(64)}`, 'debian', 'apt'],
  ['archlinux:base', 'archlinux', 'pacman'],
  ['busybox:1.36', null, null],
  ['debian-slim:1', null, null],
  ['example.org/constructor:1', null, null],
  ['example.org/toString', null, null],
])('%s: distribution %p, package manager %p', (reference, distribution, packageManager) => {
  expect(guessBaseFacts(reference)).toEqual({ distribution, packageManager });
});
