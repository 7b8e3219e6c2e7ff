import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDigest, readImage, type RegistryImage } from '../../lib/registry/read-image.ts';
import {
  answer,
  digestOf,
  ociConfig,
  ociManifest,
  type RegistryServer,
  startRegistry,
} from './support/registry-server.ts';

let registry: RegistryServer;
let image: string;
let folder: string;
let another: RegistryServer;

beforeEach(async () => {
  registry = await startRegistry();
  another = await startRegistry();
  image = `${registry.host}/team/app:1`;
  folder = mkdtempSync(join(tmpdir(), 'ctmgr-registry-'));
  process.env['REGISTRY_AUTH_FILE'] = join(folder, 'auth.json');
});

afterEach(async () => {
  delete process.env['REGISTRY_AUTH_FILE'];
  rmSync(folder, { recursive: true });
  await registry.close();
  await another.close();
});

const amd64 = { os: 'linux', architecture: 'amd64', variant: '' };
const settings = { insecure: [], timeout: 10_000 };
const read = (reference = image): Promise<RegistryImage> => readImage(reference, amd64, settings);
const envOf = ({ config }: RegistryImage): unknown => (config as { config: { Env: string[] } }).config.Env;

/** An index with images for two platforms, and an attestation as BuildKit adds it. */
function putIndex(): { index: string; arm64: string } {
  const entry = (digest: string, platform: object) => ({ mediaType: ociManifest, digest, size: 1, platform });
  const arm64 = registry.putImage('team/app', 'arm', { Env: ['P=arm64'] });
  const manifests = [
    entry(registry.putImage('team/app', 'amd', { Env: ['P=amd64'] }), { os: 'linux', architecture: 'amd64' }),
    entry(digestOf('attestation'), { os: 'unknown', architecture: 'unknown' }),
    entry(arm64, { os: 'linux', architecture: 'arm64', variant: 'v8' }),
  ];
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  return { index: registry.put('manifests', 'team/app', { schemaVersion: 2, mediaType, manifests }, '1'), arm64 };
}

describe('what a registry says', () => {
  test('of an image: its digest and its configuration, in two requests', async () => {
    const digest = registry.putImage('team/app', '1', { Env: ['A=1'], User: 'app' });
    const found = await read();
    expect(found).toMatchObject({ digest, manifestDigest: digest, config: { config: { Env: ['A=1'], User: 'app' } } });
    expect(registry.seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect(registry.seen[0]?.accept?.split(', ')).toHaveLength(4);
    expect(await readDigest(image, settings)).toBe(digest);
    expect(registry.seen.at(-1)).toMatchObject({ method: 'HEAD', path: '/v2/team/app/manifests/1' });
  });

  test('of an image for several platforms: the index is what the reference means', async () => {
    const { index, arm64 } = putIndex();
    const own = await read();
    expect([own.digest, envOf(own)]).toEqual([index, ['P=amd64']]);
    const other = await readImage(image, { os: 'linux', architecture: 'arm64', variant: '' }, settings);
    expect(other).toMatchObject({ digest: index, manifestDigest: arm64 });
    expect(envOf(other)).toEqual(['P=arm64']);
    const missing = readImage(image, { os: 'linux', architecture: 'riscv64', variant: '' }, settings);
    await expect(missing).rejects.toMatchObject({
      code: 'inputMissing',
      message: `the image ${image} for linux/riscv64 does not exist`,
      why: 'it is there for linux/amd64, linux/arm64/v8',
    });
  });

  test('of a digest', async () => {
    const digest = registry.putImage('team/app', '1', { Env: ['A=1'] });
    const reference = `${registry.host}/team/app:ignored@${digest}`;
    expect(await read(reference)).toMatchObject({ digest });
    expect(await readDigest(reference, settings)).toBe(digest);
  });

  test('without a digest header the digest is that of the text', async () => {
    const digest = registry.putImage('team/app', '1', {});
    registry.intercept = (request, response) => {
      if (request.method !== 'HEAD') return false;
      response.end();
      return true;
    };
    expect(await readDigest(image, settings)).toBe(digest);
  });
});

describe('authorization', () => {
  const login = (auths: object): void => writeFileSync(join(folder, 'auth.json'), JSON.stringify({ auths }));
  const basic = Buffer.from('user:secret').toString('base64');

  /** As Docker Hub and most others do it: a token from a place that the registry names. */
  function wantToken(wantedCredentials?: string): void {
    registry.intercept = ({ url = '', headers }, response) => {
      if (url.startsWith('/token')) {
        if (wantedCredentials !== undefined && headers.authorization !== `Basic ${wantedCredentials}`)
          return answer(response, 401, { errors: [{ code: 'UNAUTHORIZED', message: 'bad credentials' }] });
        return answer(response, 200, { token: 'abc.def-1', expires_in: 300 });
      }
      if (headers.authorization === 'Bearer abc.def-1') return false;
      const challenge = `Bearer realm="http://${registry.host}/token",service="registry, \\"main\\"",scope="x"`;
      const errors = [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }];
      return answer(response, 401, { errors }, { 'www-authenticate': challenge });
    };
  }

  test('a token for nobody, asked for once', async () => {
    const digest = registry.putImage('team/app', '1', {});
    wantToken();
    expect(await read()).toMatchObject({ digest });
    const tokens = registry.seen.filter(({ path }) => path.startsWith('/token'));
    expect(tokens.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/token?service=registry%2C+%22main%22&scope=repository%3Ateam%2Fapp%3Apull', undefined],
    ]);
  });

  test('a token for the credentials of a login, those for the path before those for the host', async () => {
    const digest = registry.putImage('team/app', '1', {});
    wantToken(basic);
    await expect(read()).rejects.toMatchObject({ code: 'notAllowed' });
    login({ [registry.host]: { auth: 'b3RoZXI6eA==' }, [`${registry.host}/team`]: { auth: basic } });
    expect(await read()).toMatchObject({ digest });
    expect(await readDigest(image, settings)).toBe(digest);
  });

  test('user and password', async () => {
    const digest = registry.putImage('team/app', '1', {});
    registry.intercept = ({ headers }, response) =>
      headers.authorization !== `Basic ${basic}` &&
      answer(response, 401, { errors: [{ code: 'UNAUTHORIZED' }] }, { 'www-authenticate': 'Basic realm="x"' });
    await expect(read()).rejects.toMatchObject({ code: 'notAllowed', why: expect.stringContaining('wants user') });
    login({ [`https://${registry.host}/v1/`]: { auth: basic } });
    expect(await read()).toMatchObject({ digest });
    writeFileSync(join(folder, 'auth.json'), '{"auths": se');
    const broken = read();
    await expect(broken).rejects.toMatchObject({ code: 'configuration', why: 'it is not JSON' });
  });

  test('a registry that is never content is asked twice and not for ever', async () => {
    registry.intercept = ({ url = '' }, response) => {
      if (url.startsWith('/token')) return answer(response, 200, { access_token: 'abc' });
      const challenge = `Bearer realm="http://${registry.host}/token"`;
      const errors = [{ code: 'DENIED', message: 'requested access to the resource is denied\u001b[2J' }];
      return answer(response, 401, { errors }, { 'www-authenticate': challenge });
    };
    await expect(read()).rejects.toMatchObject({
      code: 'notAllowed',
      why: expect.stringMatching(/^it answers 401 "DENIED: requested access to the resource is denied\\u001b\[2J"/),
    });
    expect(registry.seen).toHaveLength(3);
  });

  test.each([
    ['http://example.org/token', 'names no usable place for tokens'],
    ['no url', 'names no usable place for tokens'],
    ['http://HOST/lost', 'gives no tokens (404)'],
    ['http://HOST/odd', 'something else than a token'],
    ['http://HOST/header', 'something else than a token'],
    ['http://HOST/busy', 'it answers 503'],
  ])('no token from %s', async (realm, why) => {
    registry.intercept = ({ url = '' }, response) => {
      if (url.startsWith('/odd')) return answer(response, 200, '<html>');
      if (url.startsWith('/header')) return answer(response, 200, { token: 'a\r\nhost: b' });
      if (url.startsWith('/busy')) return answer(response, 503, '');
      if (url.startsWith('/lost')) return false;
      const place = realm.replace('HOST', registry.host);
      return answer(response, 401, '', { 'www-authenticate': `Bearer realm="${place}"` });
    };
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', why: expect.stringContaining(why) });
  });
});

describe('errors tell what is not there, not allowed, and not known', () => {
  const errors = (code: string): object => ({ errors: [{ code, message: code.toLowerCase() }] });
  test.each([
    [404, errors('MANIFEST_UNKNOWN'), 'inputMissing'],
    [404, errors('NAME_UNKNOWN'), 'inputMissing'],
    [404, '<html>not found</html>', 'unavailable'],
    [404, { errors: [] }, 'unavailable'],
    [403, errors('DENIED'), 'notAllowed'],
    [401, errors('UNAUTHORIZED'), 'notAllowed'],
    [429, errors('TOOMANYREQUESTS'), 'unavailable'],
    [500, 'oops', 'unavailable'],
    [503, errors('UNAVAILABLE'), 'unavailable'],
    [302, '', 'unavailable'],
  ])('%i %j', async (status, body, code) => {
    registry.intercept = (_request, response) => answer(response, status, body);
    await expect(read()).rejects.toMatchObject({ code });
    // HEAD tells no reason, so GET is asked for it.
    await expect(readDigest(image, settings)).rejects.toMatchObject({ code });
  });

  test.each([
    ['<html>please log in</html>', 'unavailable'],
    [{ schemaVersion: 1, fsLayers: [] }, 'badDefinition'],
    [
      {
        schemaVersion: 2,
        config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: digestOf(''), size: 0 },
      },
      'badDefinition',
    ],
  ])('200 %j', async (body, code) => {
    registry.intercept = (_request, response) => answer(response, 200, body);
    await expect(read()).rejects.toMatchObject({ code });
  });

  test('an image of which the registry has lost a part', async () => {
    const lost = { mediaType: ociConfig, digest: digestOf('lost'), size: 4 };
    registry.put('manifests', 'team/app', { schemaVersion: 2, config: lost }, '1');
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', why: expect.stringContaining('lost a part') });
  });

  test('what has another digest than it should', async () => {
    const digest = registry.putImage('team/app', '1', { Env: ['A=1'] });
    registry.intercept = ({ url = '' }, response) => url.includes('/blobs/') && answer(response, 200, { config: {} });
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', why: expect.stringContaining('digest') });
    registry.intercept = (_request, response) =>
      answer(response, 200, { schemaVersion: 2, manifests: [] }, { 'docker-content-digest': digest });
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', why: expect.stringContaining(digest) });
    registry.intercept = (_request, response) => answer(response, 200, { schemaVersion: 2, manifests: [] });
    await expect(read(`${registry.host}/team/app@${digest}`)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('more than anybody needs', async () => {
    const chunk = Buffer.alloc(1 << 20, 32);
    registry.intercept = (_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more);
      };
      more();
      return true;
    };
    await expect(read()).rejects.toMatchObject({
      code: 'unavailable',
      why: expect.stringContaining('more than 4194304 bytes'),
    });
  });

  test('no answer, half an answer, nobody there, nobody who waits', async () => {
    const soon = { insecure: [], timeout: 100 };
    registry.intercept = () => true;
    const why = expect.stringContaining('no answer from 127.0.0.1');
    await expect(readImage(image, amd64, soon)).rejects.toMatchObject({ code: 'unavailable', why });
    registry.intercept = (_request, response) => {
      response.writeHead(200).write('{"schemaVersion":');
      return true;
    };
    await expect(readImage(image, amd64, soon)).rejects.toMatchObject({ code: 'unavailable', why });
    registry.intercept = (_request, response) => {
      response.writeHead(200, { 'content-length': '99' }).write('{');
      response.destroy();
      return true;
    };
    await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
    const cancel = new AbortController();
    registry.intercept = () => {
      cancel.abort();
      return true;
    };
    const waiting = readImage(image, amd64, { ...settings, cancel: cancel.signal });
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    const nobody = await startRegistry();
    await nobody.close();
    const refused = { code: 'unavailable', why: expect.stringContaining('ECONNREFUSED') };
    await expect(read(`${nobody.host}/a`)).rejects.toMatchObject(refused);
  });
});

describe('redirects', () => {
  test('to a store elsewhere are followed, and the authorization stays here', async () => {
    const digest = registry.putImage('team/app', '1', { Env: ['A=1'] });
    const store = another;
    store.putImage('team/app', '1', { Env: ['A=1'] });
    registry.intercept = ({ url = '', headers }, response) => {
      if (headers.authorization === undefined)
        return answer(response, 401, '', { 'www-authenticate': 'Basic realm="x"' });
      if (!url.includes('/blobs/')) return false;
      response.writeHead(307, { location: `http://${store.host}${url}` }).end();
      return true;
    };
    writeFileSync(join(folder, 'auth.json'), JSON.stringify({ auths: { [registry.host]: { auth: 'YTpi' } } }));
    expect(await read()).toMatchObject({ digest, config: { config: { Env: ['A=1'] } } });
    expect(registry.seen.at(-1)?.authorization).toBe('Basic YTpi');
    expect(store.seen).toEqual([expect.objectContaining({ authorization: undefined })]);
  });

  test.each([
    ['/v2/team/app/manifests/1', 'redirects without end'],
    ['http://example.org/x', 'must not be followed'],
    ['file:///etc/passwd', 'must not be followed'],
    ['http://', 'must not be followed'],
    ['https://user:pw@example.org/', 'must not be followed'],
  ])('to %s', async (location, why) => {
    registry.intercept = (_request, response) => {
      response.writeHead(302, { location }).end();
      return true;
    };
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', why: expect.stringContaining(why) });
  });
});
