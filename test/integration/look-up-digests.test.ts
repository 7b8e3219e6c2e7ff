import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { lookUpDigests } from '../../lib/builds/look-up-digests.ts';
import { answer, type RegistryServer, startRegistry } from './support/registry-server.ts';

let registry: RegistryServer;
const settings = { insecure: [], timeout: 10_000 };

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(async () => {
  await registry.close();
});

beforeEach(() => {
  registry.intercept = undefined;
  registry.seen.length = 0;
});

describe('digests of base images', () => {
  test('are asked for once each, and not at all for what names one', async () => {
    const digest = registry.putImage('a', '1', {});
    const [one, fixed] = [`${registry.host}/a:1`, `${registry.host}/b@sha256:${'c'.repeat(64)}`];
    const { known, unknown, problems } = await lookUpDigests([one, fixed, one, one], settings);
    expect([...known]).toEqual([
      [fixed, `sha256:${'c'.repeat(64)}`],
      [one, digest],
    ]);
    expect([unknown.size, problems]).toEqual([0, []]);
    expect(registry.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['HEAD /v2/a/manifests/1']);
  });

  test('of one registry that does not tell are one problem; those of others are there', async () => {
    const digest = registry.putImage('a', '1', {});
    const gone = ['127.0.0.1:1/x:1', '127.0.0.1:1/y:1'];
    const { known, unknown, problems } = await lookUpDigests(
      [...gone, `${registry.host}/a:1`, `${registry.host}/no:1`],
      settings,
    );
    expect([...known.values()]).toEqual([digest]);
    expect([...unknown.values()].map(({ code }) => code).sort()).toEqual([
      'inputMissing',
      'unavailable',
      'unavailable',
    ]);
    expect(problems.toSorted()).toEqual([
      expect.stringContaining('registry 127.0.0.1:1 does not tell the digest of 127.0.0.1:1/x:1, 127.0.0.1:1/y:1: '),
      expect.stringContaining(`registry ${registry.host} does not tell the digest of ${registry.host}/no:1: `),
    ]);
  });

  test('a registry that has failed is not asked for the rest', async () => {
    registry.intercept = (_request, response) => answer(response, 503, {});
    const many = Array.from({ length: 40 }, (_, n) => `${registry.host}/image-${n}:1`);
    const { unknown } = await lookUpDigests(many, settings);
    expect(unknown.size).toBe(40);
    expect(new Set(registry.seen.map(({ path }) => path)).size).toBeLessThan(20);
  });

  test('an interrupt ends it', async () => {
    const cancel = AbortSignal.abort();
    await expect(lookUpDigests([`${registry.host}/a:1`], { ...settings, cancel })).rejects.toMatchObject({
      code: 'interrupted',
    });
  });
});
