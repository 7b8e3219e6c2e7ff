import { describe, expect, test } from '@jest/globals';
import { isInsecure, mayFollow } from '../../lib/registry/http-request.ts';

const settings = { insecure: ['registry.cluster:5000', 'plain'], timeout: 1 };

describe('plain http', () => {
  test.each([
    'localhost',
    'localhost:5000',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]:5000',
    'registry.cluster:5000',
    'plain',
  ])('is spoken to %s', (host) => expect(isInsecure(host, settings)).toBe(true));
  test.each([
    'registry.cluster',
    'registry.cluster:5001',
    'plain:80',
    '127.example.org',
    'localhost.example.org',
    '10.0.0.1:5000',
  ])('is not spoken to %s', (host) => expect(isInsecure(host, settings)).toBe(false));
});

test.each([
  ['https://a/x', 'https://b/y', true],
  ['https://a/x', 'http://127.0.0.1/y', false],
  ['https://a/x', 'http://plain/y', false],
  ['http://plain/x', 'http://plain/y', true],
  ['http://plain/x', 'https://b/y', true],
  ['http://plain/x', 'http://b/y', false],
  ['http://plain/x', 'ftp://plain/y', false],
  ['https://a/x', 'https://u@b/y', false],
])('from %s to %s: %j', (from, to, allowed) => {
  expect(mayFollow(new URL(from), new URL(to), settings)).toBe(allowed);
});
